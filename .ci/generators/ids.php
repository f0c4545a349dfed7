<?php
// Checks that the generated models in PHP accept the ids that the server accepts. The argument is their folder.
spl_autoload_register(function ($class) use ($argv) {
    require $argv[1] . '/' . str_replace('\\', '/', substr($class, strlen('OpenAPI\\Client\\'))) . '.php';
});
foreach (['orders/eu', 'a b', 'Àé', "\u{1F600}", '100%', '..', str_repeat("\u{1F600}", 255)] as $id) {
    $item = (new OpenAPI\Client\Model\BatchAcquireItem())->setStreamId($id)->setOwnerId($id);
    if (!$item->valid()) {
        throw new Exception("$id: " . implode(' ', $item->listInvalidProperties()));
    }
}
foreach (['', "a\nb", "a\0", "a\x7f", str_repeat('x', 256)] as $id) {
    try {
        (new OpenAPI\Client\Model\BatchAcquireItem())->setStreamId($id);
    } catch (InvalidArgumentException $e) {
        continue;
    }
    throw new Exception('Accepted although it is invalid: ' . json_encode($id));
}
echo "PHP: takes the ids that the server takes\n";
