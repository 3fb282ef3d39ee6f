"""Words of the trade: values, identities and errors; standard library only."""
