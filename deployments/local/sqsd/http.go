package sqsd

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxRequest is enough for a message of 1 MiB whose every byte is escaped.
const maxRequest = 8 << 20

// call is one request with a valid signature.
type call struct {
	ctx    context.Context // done once the client has disconnected
	base   string          // "http://HOST", as the client sees the server
	body   []byte
	unsent func() // undoes the response's effect if it cannot be written
}

// action serves one call of the API. handle makes one from a function between the JSON of
// request and response.
type action func(*Server, *call) (any, error)

func handle[In, Out any](serve func(*Server, *call, In) (Out, error)) action {
	return func(s *Server, c *call) (any, error) {
		var in In
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, badRequest(commonShape+"SerializationException", "MalformedInput", "%v", err)
		}
		return serve(s, c, in)
	}
}

var actions = map[string]action{
	"ChangeMessageVisibility":      handle((*Server).changeMessageVisibility),
	"ChangeMessageVisibilityBatch": handle((*Server).changeMessageVisibilityBatch),
	"CreateQueue":                  handle((*Server).createQueue),
	"DeleteMessage":                handle((*Server).deleteMessage),
	"DeleteMessageBatch":           handle((*Server).deleteMessageBatch),
	"DeleteQueue":                  handle((*Server).deleteQueue),
	"GetQueueAttributes":           handle((*Server).getQueueAttributes),
	"GetQueueUrl":                  handle((*Server).getQueueURL),
	"ListQueues":                   handle((*Server).listQueues),
	"PurgeQueue":                   handle((*Server).purgeQueue),
	"ReceiveMessage":               handle((*Server).receiveMessage),
	"SendMessage":                  handle((*Server).sendMessage),
	"SendMessageBatch":             handle((*Server).sendMessageBatch),
	"ListDeadLetterSourceQueues":   handle((*Server).listDeadLetterSourceQueues),
	"ListQueueTags":                handle((*Server).listQueueTags),
	"TagQueue":                     handle((*Server).tagQueue),
	"UntagQueue":                   handle((*Server).untagQueue),
	"StartMessageMoveTask":         handle((*Server).startMessageMoveTask),
	"ListMessageMoveTasks":         handle((*Server).listMessageMoveTasks),
	"CancelMessageMoveTask":        handle((*Server).cancelMessageMoveTask),
	"SetQueueAttributes":           handle((*Server).setQueueAttributes),
}

// empty is the response of calls without a result.
type empty struct{}

// ServeHTTP serves one call of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		writeError(w, badRequest(commonShape+"RequestEntityTooLarge", "RequestEntityTooLarge",
			"a request may have %d bytes", maxRequest))
		return
	} else if err != nil {
		return // the client has disconnected
	}
	refuse := writeError
	if isQuery(r) {
		refuse = writeQueryError
	}
	if err := s.verify(r, body); err != nil {
		refuse(w, err)
		return
	}
	c := &call{ctx: r.Context(), base: "http://" + r.Host, body: body}
	if isQuery(r) {
		form, err := queryForm(r, body)
		if err != nil {
			writeQueryError(w, err)
			return
		}
		s.serveQuery(w, c, form)
		return
	}
	answer, err := s.dispatch(c, r.Header.Get("X-Amz-Target"))
	if err != nil {
		writeError(w, err)
		return
	}
	if err := write(w, http.StatusOK, answer); err != nil && c.unsent != nil {
		c.unsent()
	}
}

func (s *Server) dispatch(c *call, target string) (any, error) {
	name, ok := strings.CutPrefix(target, "AmazonSQS.")
	if !ok {
		return nil, badRequest(commonShape+"UnknownOperationException", "InvalidAction", "unknown target %q", target)
	}
	serve, ok := actions[name]
	if !ok {
		return nil, unsupported("the action %s", name)
	}
	return serve(s, c)
}

func writeError(w http.ResponseWriter, err error) {
	e, ok := asAnswer(err)
	if !ok {
		e = internalFailure(err)
	}
	w.Header().Set("X-Amzn-Query-Error", e.code+";"+e.fault())
	// A client that cannot read its error has disconnected.
	_ = write(w, e.status, struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.shape, e.message})
}

// write returns an error if the response has not left the process.
func write(w http.ResponseWriter, status int, answer any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(answer); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	return send(w, status, b.Bytes())
}

// send returns an error if the response has not left the process.
func send(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Amzn-Requestid", newUUID())
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// newUUID returns a random UUID (version 4), as used for message and request ids.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	id := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			id = append(id, '-')
		}
		id = append(id, digits[c>>4], digits[c&15])
	}
	return string(id)
}
