"""The demo studio's gallery: finished videos behind an API and a storage that wants signed links."""
