package sqsd

import "strings"

// maxBatch is how many entries a batch may have.
const maxBatch = 10

// batchAnswer says for each entry of a batch whether it was done.
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

// done is the result of an entry that has nothing else to say.
type done struct {
	ID string `json:"Id"`
}

type identified interface{ id() string }

// checkBatch checks what makes SQS refuse a batch as a whole.
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

// eachEntry does the entries one by one. What SQS would name fails its own
// entry, any other error fails the batch.
func eachEntry[E identified, T any](entries []E, do func(E) (T, error)) (out batchAnswer[T], err error) {
	out.Successful = []T{} // SQS always has the list
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
