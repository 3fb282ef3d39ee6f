"""The inspector's phone: the shell of the app at ``/m/``, which asks the API for everything else."""
