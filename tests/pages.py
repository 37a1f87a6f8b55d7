"""Pages as a person with a browser gets them."""

from django.test import Client


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())
