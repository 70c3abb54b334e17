"""The durable store: engine, migrations, outbox, blobs. It knows no service."""
