"""The demo studio's long-running jobs: scene sessions, table exports and reconstructions."""
