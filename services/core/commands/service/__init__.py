"""Do what people say from outside: silence, press a link, answer in a chat."""
