"""How event sources are read: one module for each kind of source."""
