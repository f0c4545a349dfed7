SwaggerUIBundle({
  url: 'openapi.yaml',
  dom_id: '#api',
  // The default asks a service on another host to check the document.
  validatorUrl: null,
});
