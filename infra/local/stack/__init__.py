"""The embedded stack: real Kafka and a MongoDB-protocol store on this machine, without containers."""
