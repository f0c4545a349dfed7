# Whether the generated client in Ruby takes ids that the server takes.
require 'openapi_client'
['orders/eu', 'a b', 'Àé', "\u{1F600}", '100%', '..', "\u{1F600}" * 255].each do |id|
  # Raises if it does not.
  OpenapiClient::BatchAcquireItem.new(stream_id: id, owner_id: id)
end
['', "\0", 'x' * 256].each do |id|
  begin
    OpenapiClient::BatchAcquireItem.new(stream_id: id, owner_id: 'me')
  rescue ArgumentError
    next
  end
  raise "Taken: #{id.inspect}"
end
puts 'Ruby: takes the ids that the server takes'
