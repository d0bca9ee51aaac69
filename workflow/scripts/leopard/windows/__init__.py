"""Windows of the genome: which ones, and the arrays that are cut from them."""
