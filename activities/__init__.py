"""Steps of the stories: idempotent, each a verb and its object, given their ports at start-up."""
