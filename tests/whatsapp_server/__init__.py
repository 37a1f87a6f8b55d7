"""A fake WhatsApp server on loopback, for testing programs that use neonize.

``tests.whatsapp_server.api.LocalRig`` runs it in this process, ``python -m tests.whatsapp_server``
in one of its own; ``tests.whatsapp_server.client`` is what tests use.  See the README.
"""
