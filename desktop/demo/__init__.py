"""The studio in a box: real servers over generated shots, for newcomers and for tests."""
