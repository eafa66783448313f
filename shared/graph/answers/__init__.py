"""Read what Graph answered: pages, $batch envelopes and errors, as pure functions over bytes."""
