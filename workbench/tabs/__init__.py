"""One file a tab: each lays its components out and wires them to `service`, and holds no logic of its own."""
