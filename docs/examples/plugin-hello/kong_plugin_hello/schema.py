"""What ``hello`` is configured with."""

SCHEMA = {
    "name": "hello",
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "greeting": {"type": "string", "required": True, "default": "Hello", "len_min": 1},
            "banned": {"type": "array", "default": [], "elements": {"type": "string"}},
        },
    },
}
