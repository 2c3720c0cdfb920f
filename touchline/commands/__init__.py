"""One module per noun of the command line. At the top they import Typer and what is light; the rest inside."""
