// Rules that no schema has: the manifests fit each other, the image and the server. Each rule returns the problems.

const SERVER_ANSWERS_WITHIN_S = 3 // also when the database is away: see docs/operations.md, "The database is away"
const CALLS_UNDER_WAY_S = 6 // after SHUTDOWN_DRAIN_MS: a second without grants, and the calls under way

const of = (documents, kind) => documents.filter(document => document.kind === kind)
const contains = (labels, selector) => Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value)

/** @param {{documents: any[], secrets: any[], settings: Map<string, string>, known: Set<string>, paths: string[], user: string}} all */
export const rules = {
  'selectors match the pods and the Service'({ documents }) {
    const template = of(documents, 'Deployment')[0].spec.template
    const service = of(documents, 'Service')[0]
    const selectors = [
      ...of(documents, 'Deployment').map(d => [d, d.spec.selector.matchLabels, template.metadata.labels]),
      ...of(documents, 'Service').map(d => [d, d.spec.selector, template.metadata.labels]),
      ...of(documents, 'PodDisruptionBudget').map(d => [d, d.spec.selector.matchLabels, template.metadata.labels]),
      ...of(documents, 'NetworkPolicy').map(d => [d, d.spec.podSelector.matchLabels, template.metadata.labels]),
      ...of(documents, 'ServiceMonitor').map(d => [d, d.spec.selector.matchLabels, service.metadata.labels]),
      ...template.spec.topologySpreadConstraints.map(c => [c, c.labelSelector.matchLabels, template.metadata.labels]),
    ]
    return selectors
      .filter(([, selector, labels]) => Object.keys(selector ?? {}).length === 0 || !contains(labels, selector))
      .map(([d, selector]) => `${d.kind ?? d.topologyKey}: ${JSON.stringify(selector)} chooses nothing`)
  },

  'ports have the names by which others refer to them'({ documents }) {
    const container = containerOf(documents)
    const ports = container.ports.map(port => port.name)
    const servicePorts = of(documents, 'Service').flatMap(d => d.spec.ports.map(port => port.name))
    return [
      ...probes(container).map(([name, probe]) => [name, probe.httpGet.port, ports]),
      ...of(documents, 'Service').flatMap(d => d.spec.ports.map(port => ['Service', port.targetPort, ports])),
      ...of(documents, 'NetworkPolicy').flatMap(d =>
        d.spec.ingress.flatMap(rule => rule.ports.map(port => [d.metadata.name, port.port, ports])),
      ),
      ...of(documents, 'ServiceMonitor').flatMap(d => d.spec.endpoints.map(e => ['ServiceMonitor', e.port, servicePorts])),
    ]
      .filter(([, port, names]) => !names.includes(port))
      .map(([where, port]) => `${where}: there is no port ${port}`)
  },

  'every mount has a volume, and every volume is mounted'({ documents }) {
    const { spec } = of(documents, 'Deployment')[0].spec.template
    const volumes = (spec.volumes ?? []).map(volume => volume.name)
    const mounts = spec.containers.flatMap(container => container.volumeMounts ?? []).map(mount => mount.name)
    return [
      ...mounts.filter(name => !volumes.includes(name)).map(name => `no volume ${name}`),
      ...volumes.filter(name => !mounts.includes(name)).map(name => `nothing mounts ${name}`),
    ]
  },

  'Secrets, settings and the account exist'({ documents, secrets }) {
    const { spec } = of(documents, 'Deployment')[0].spec.template
    const container = containerOf(documents)
    const wanted = [
      ...spec.volumes.filter(volume => volume.secret).map(volume => [volume.secret.secretName]),
      ...container.env.filter(e => e.valueFrom).map(e => [e.valueFrom.secretKeyRef.name, e.valueFrom.secretKeyRef.key]),
      ...of(documents, 'ServiceMonitor').flatMap(d =>
        d.spec.endpoints.map(e => [e.authorization.credentials.name, e.authorization.credentials.key]),
      ),
    ]
    const maps = of(documents, 'ConfigMap').map(d => d.metadata.name)
    const accounts = of(documents, 'ServiceAccount').map(d => d.metadata.name)
    return [
      ...wanted
        .filter(([name, key]) => {
          const secret = secrets.find(s => s.metadata.name === name)
          return !secret || (key && !(key in secret.stringData))
        })
        .map(([name, key]) => `secrets.example.yaml has no ${name} ${key ?? ''}`),
      ...container.envFrom.map(e => e.configMapRef.name).filter(name => !maps.includes(name)).map(n => `no ConfigMap ${n}`),
      ...(accounts.includes(spec.serviceAccountName) ? [] : [`no ServiceAccount ${spec.serviceAccountName}`]),
    ]
  },

  "the database's certificate is verified, with a CA that is mounted"({ documents, secrets }) {
    const { spec } = of(documents, 'Deployment')[0].spec.template
    const { secretKeyRef } = containerOf(documents).env.find(e => e.name === 'DATABASE_URL').valueFrom
    const options = new URLSearchParams(
      secrets.find(s => s.metadata.name === secretKeyRef.name).stringData[secretKeyRef.key].split('?')[1],
    )
    const mounted = spec.volumes
      .filter(volume => volume.secret?.items)
      .flatMap(volume =>
        volume.secret.items
          .filter(item => secrets.some(s => s.metadata.name === volume.secret.secretName && item.key in s.stringData))
          .map(item => [containerOf(documents).volumeMounts.find(m => m.name === volume.name)?.mountPath, item.path].join('/')),
      )
    return [
      ...(options.get('sslmode') === 'verify-full' ? [] : ['sslmode is not verify-full']),
      ...(mounted.includes(options.get('sslrootcert')) ? [] : [`nothing is mounted at ${options.get('sslrootcert')}`]),
    ]
  },

  'probes use paths that the server has'({ documents, paths }) {
    return probes(containerOf(documents))
      .filter(([name, probe]) => !paths.includes(probe.httpGet.path) || (name === 'readinessProbe') !== (probe.httpGet.path === '/readyz'))
      .map(([name, probe]) => `${name}: ${probe.httpGet.path}`)
  },

  'probes use the management port'({ documents, settings }) {
    const container = containerOf(documents)
    const port = container.ports.find(({ name }) => name === 'management')
    return [
      ...(String(port?.containerPort) === settings.get('MANAGEMENT_PORT') ? [] : ['MANAGEMENT_PORT is another port']),
      ...probes(container).filter(([, probe]) => probe.httpGet.port !== 'management').map(([name]) => name),
    ]
  },

  'times fit those of the server'({ documents, settings }) {
    const { spec } = of(documents, 'Deployment')[0].spec.template
    const { readinessProbe, startupProbe } = containerOf(documents)
    const stopS = Number(settings.get('SHUTDOWN_DRAIN_MS') ?? 3000) / 1000 + CALLS_UNDER_WAY_S
    return [
      ...(spec.terminationGracePeriodSeconds > stopS + 2 ? [] : ['terminationGracePeriodSeconds is too short']),
      ...(readinessProbe.timeoutSeconds > SERVER_ANSWERS_WITHIN_S ? [] : ['readinessProbe gives up too soon']),
      ...(startupProbe.periodSeconds * startupProbe.failureThreshold >= 30 ? [] : ['startupProbe gives up too soon']),
    ]
  },

  'settings are settings of the server'({ documents, settings, known }) {
    const names = [...settings.keys(), ...containerOf(documents).env.map(e => e.name)]
    return names.filter(name => !known.has(name)).map(name => `.env.example has no ${name}`)
  },

  'the pod has no right that it does not need'({ documents, user }) {
    const { spec } = of(documents, 'Deployment')[0].spec.template
    const pod = spec.securityContext
    const { securityContext: container, resources } = containerOf(documents)
    const required = {
      'runAsNonRoot': pod.runAsNonRoot === true,
      'runAsUser and runAsGroup as in the Dockerfile': `${pod.runAsUser}:${pod.runAsGroup}` === user,
      'seccompProfile RuntimeDefault': pod.seccompProfile?.type === 'RuntimeDefault',
      'allowPrivilegeEscalation: false': container.allowPrivilegeEscalation === false,
      'readOnlyRootFilesystem': container.readOnlyRootFilesystem === true,
      'capabilities drop ALL and add none': container.capabilities.drop.includes('ALL') && !container.capabilities.add,
      'no token of the ServiceAccount': spec.automountServiceAccountToken === false,
      'no variables from Services': spec.enableServiceLinks === false,
      'a limit of memory that is the request': resources.limits.memory === resources.requests.memory,
    }
    return Object.keys(required).filter(what => !required[what])
  },

  'no namespace is named'({ documents }) {
    return documents.filter(d => d.metadata.namespace).map(d => `${d.kind} is for ${d.metadata.namespace} only`)
  },
}

function containerOf(documents) {
  return of(documents, 'Deployment')[0].spec.template.spec.containers[0]
}

function probes(container) {
  return ['startupProbe', 'livenessProbe', 'readinessProbe'].map(name => [name, container[name]])
}

/** Changes that each rule must find. */
export const breaks = {
  'selectors match the pods and the Service': [
    ({ documents }) => (of(documents, 'Service')[0].spec.selector = { 'app.kubernetes.io/name': 'other' }),
    ({ documents }) => (of(documents, 'NetworkPolicy')[0].spec.podSelector = {}),
    ({ documents }) => (of(documents, 'PodDisruptionBudget')[0].spec.selector.matchLabels = { app: 'stream-locks' }),
  ],
  'ports have the names by which others refer to them': [
    ({ documents }) => (containerOf(documents).ports[0].name = 'web'),
    ({ documents }) => (of(documents, 'Service')[0].spec.ports[1].name = 'web'),
  ],
  'every mount has a volume, and every volume is mounted': [
    ({ documents }) => containerOf(documents).volumeMounts.pop(),
    ({ documents }) => (containerOf(documents).volumeMounts[0].name = 'token'),
  ],
  'Secrets, settings and the account exist': [
    ({ secrets }) => (secrets[0].metadata.name = 'other'),
    ({ documents }) => (containerOf(documents).env[0].valueFrom.secretKeyRef.key = 'uri'),
    ({ documents }) => (containerOf(documents).envFrom[0].configMapRef.name = 'settings'),
    ({ documents }) => (of(documents, 'Deployment')[0].spec.template.spec.serviceAccountName = 'default'),
  ],
  "the database's certificate is verified, with a CA that is mounted": [
    ({ secrets }) => (secrets[0].stringData.url = secrets[0].stringData.url.replace('verify-full', 'require')),
    ({ secrets }) => (secrets[0].stringData.url = secrets[0].stringData.url.replace('/ca.crt', '/other.crt')),
    ({ secrets }) => delete secrets[0].stringData['ca.crt'],
    ({ documents }) => (containerOf(documents).volumeMounts.find(m => m.name === 'database-ca').mountPath = '/tmp/ca'),
  ],
  'probes use paths that the server has': [
    ({ documents }) => (containerOf(documents).startupProbe.httpGet.path = '/healthz'),
    ({ documents }) => (containerOf(documents).livenessProbe.httpGet.path = '/readyz'),
  ],
  'probes use the management port': [
    ({ settings }) => settings.delete('MANAGEMENT_PORT'),
    ({ documents }) => (containerOf(documents).ports[1].containerPort = 9091),
    ({ documents }) => (containerOf(documents).livenessProbe.httpGet.port = 'http'),
  ],
  'times fit those of the server': [
    ({ documents }) => (of(documents, 'Deployment')[0].spec.template.spec.terminationGracePeriodSeconds = 8),
    ({ documents }) => (containerOf(documents).readinessProbe.timeoutSeconds = 1),
  ],
  'settings are settings of the server': [({ settings }) => settings.set('LOCK_TTL_MAX', '1')],
  'the pod has no right that it does not need': [
    ({ documents }) => (containerOf(documents).securityContext.readOnlyRootFilesystem = false),
    ({ documents }) => (of(documents, 'Deployment')[0].spec.template.spec.securityContext.runAsUser = 0),
    ({ documents }) => (containerOf(documents).securityContext.capabilities.add = ['NET_ADMIN']),
  ],
  'no namespace is named': [({ documents }) => (documents[0].metadata.namespace = 'default')],
}
