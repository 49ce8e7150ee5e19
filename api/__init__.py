"""The HTTP door: schema in, service call, schema out."""
