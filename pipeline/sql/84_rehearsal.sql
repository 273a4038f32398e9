-- Simulated results are ranked only where there are no others. Returns the names of those of which that has changed.
UPDATE benchmarks SET is_rehearsal = NOT is_rehearsal
WHERE origin = 'simulated' AND is_rehearsal <> (SELECT bool_and(origin = 'simulated') FROM benchmarks)
RETURNING id, model_name, gpu, provider;
