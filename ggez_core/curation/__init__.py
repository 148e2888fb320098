"""Regional quality filtering: which rows of image-text data belong to a region and are good, and why.

Two stages. The costly one measures `signals` (one file each) shard by shard; the cheap one applies `limits` to what was
measured. May use families, regions and data; never evaluation. Used by the command line and the page.
"""
