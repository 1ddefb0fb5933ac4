"""What arrives: broker sessions with disjoint filters, batches, and PUBACK only after the commit.

`reception.Ingest` is the door; it joins one `session.BrokerSession` for each of `hub.ports.Session`.
"""
