# Checks that the generated client in Ruby accepts the ids that the server accepts.
require 'openapi_client'
['orders/eu', 'a b', 'Àé', "\u{1F600}", '100%', '..', "\u{1F600}" * 255].each do |id|
  # This raises if the client does not accept the id.
  OpenapiClient::BatchAcquireItem.new(stream_id: id, owner_id: id)
end
['', "\0", 'x' * 256].each do |id|
  begin
    OpenapiClient::BatchAcquireItem.new(stream_id: id, owner_id: 'me')
  rescue ArgumentError
    next
  end
  raise "Accepted although it is invalid: #{id.inspect}"
end
puts 'Ruby: takes the ids that the server takes'
