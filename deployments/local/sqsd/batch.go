package sqsd

import "strings"

// maxBatch is the maximum number of entries in a batch.
const maxBatch = 10

// batchAnswer contains a result for each entry of a batch.
type batchAnswer[T any] struct {
	Successful []T
	Failed     []failedEntry
}

type failedEntry struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

// done is the result of an entry without further fields.
type done struct {
	ID string `json:"Id"`
}

type identified interface{ id() string }

// checkBatch checks for the mistakes for which SQS refuses a batch as a whole.
func checkBatch[T identified](entries []T) error {
	if len(entries) == 0 {
		return namespaced("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > maxBatch {
		return namespaced("TooManyEntriesInBatchRequest",
			"Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(entries))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		id := e.id()
		if id == "" || len(id) > 80 || strings.ContainsFunc(id, notIdentifier) {
			return namespaced("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, "+
				"hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id] {
			return namespaced("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}

// eachEntry handles the entries one by one. An error that SQS has a name for fails its own
// entry; any other error fails the batch.
func eachEntry[E identified, T any](entries []E, do func(E) (T, error)) (out batchAnswer[T], err error) {
	out.Successful = []T{} // SQS always sends the list
	for _, e := range entries {
		result, err := do(e)
		if answer, ok := asAnswer(err); ok {
			out.Failed = append(out.Failed, failedEntry{e.id(), answer.fault() == "Sender", answer.code, answer.message})
		} else if err != nil {
			return out, err
		} else {
			out.Successful = append(out.Successful, result)
		}
	}
	return out, nil
}
