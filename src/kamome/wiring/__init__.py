"""The slices and the ports between them: who may ask whom for what.

A slice never imports another; what it needs of one is a function in its `ports.py`. `offers.py` has
what slices do for each other; each module named like a slice makes that slice with its ports and
names its outbox handlers; `slices.py` gathers them, and `admin.py` says what they show under
`/_kamome/`. Ports are bound late (they ask `Slices` when they are called), so slices that need each
other can be made in any order.
"""
