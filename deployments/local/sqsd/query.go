package sqsd

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The older query protocol, which the AWS CLI and boto3 of Debian 12 speak: a form with
// numbered parameters in, XML out. Each call is translated to the JSON protocol and back, so
// that both have the same actions.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests.html

const queryNamespace = "http://queue.amazonaws.com/doc/2012-11-05/"

// queryLists are the numbered parameters and the lists of the JSON protocol.
var queryLists = map[string]string{
	"AttributeName":              "AttributeNames",
	"MessageAttributeName":       "MessageAttributeNames",
	"MessageSystemAttributeName": "MessageSystemAttributeNames",
	"TagKey":                     "TagKeys",

	"SendMessageBatchRequestEntry":             "Entries",
	"DeleteMessageBatchRequestEntry":           "Entries",
	"ChangeMessageVisibilityBatchRequestEntry": "Entries",
}

// queryMap is a numbered parameter that is an object in the JSON protocol.
type queryMap struct{ field, key string }

var queryMaps = map[string]queryMap{
	"Attribute":              {"Attributes", "Name"},
	"MessageAttribute":       {"MessageAttributes", "Name"},
	"MessageSystemAttribute": {"MessageSystemAttributes", "Name"},
	"Tag":                    {"Tags", "Key"},
}

// queryNumbers are the parameters that are numbers in the JSON protocol.
var queryNumbers = []string{
	"DelaySeconds", "MaxNumberOfMessages", "MaxNumberOfMessagesPerSecond", "MaxResults", "VisibilityTimeout", "WaitTimeSeconds",
}

// queryNode is a parameter's value, or the parameters whose names continue its name.
type queryNode struct {
	value string
	under map[string]*queryNode
}

// queryRequest returns the action of a form, and its request in the JSON protocol.
func queryRequest(form url.Values) (action string, body []byte, err error) {
	root := &queryNode{}
	for name, values := range form {
		at := root
		for part := range strings.SplitSeq(name, ".") {
			next := at.under[part]
			if next == nil {
				next = &queryNode{}
				if at.under == nil {
					at.under = map[string]*queryNode{}
				}
				at.under[part] = next
			}
			at = next
		}
		at.value = values[0]
	}
	request, err := root.object()
	if err != nil {
		return "", nil, err
	}
	body, err = json.Marshal(request)
	return form.Get("Action"), body, err
}

func (n *queryNode) object() (map[string]any, error) {
	out := map[string]any{}
	for name, child := range n.under {
		var err error
		as, isMap := queryMaps[name]
		list, isList := queryLists[name]
		switch {
		case isMap:
			out[as.field], err = child.mapping(as.key)
		case isList:
			out[list], err = child.list()
		case slices.Contains(queryNumbers, name):
			if out[name], err = strconv.Atoi(child.value); err != nil {
				err = invalidParameter("Value %q for parameter %s is invalid. Reason: Must be a number.", child.value, name)
			}
		default:
			out[name], err = child.any()
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n *queryNode) any() (any, error) {
	if n.under == nil {
		return n.value, nil
	}
	return n.object()
}

// items are the node's numbered children in order.
func (n *queryNode) items() []*queryNode {
	order := slices.SortedFunc(maps.Keys(n.under), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	var items []*queryNode
	for _, number := range order {
		items = append(items, n.under[number])
	}
	return items
}

func (n *queryNode) list() (out []any, err error) {
	for _, item := range n.items() {
		value, err := item.any()
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

func (n *queryNode) mapping(key string) (map[string]any, error) {
	out := map[string]any{}
	for _, item := range n.items() {
		name, value := item.under[key], item.under["Value"]
		if name == nil || value == nil {
			return nil, missingParameter(key)
		}
		var err error
		if out[name.value], err = value.any(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// The names in XML of the lists and objects in a response.
var (
	queryElements = map[string]string{
		"Messages": "Message", "QueueUrls": "QueueUrl", "queueUrls": "QueueUrl",
		"Failed": "BatchResultErrorEntry", "Results": "ListMessageMoveTasksResultEntry",
	}
	queryPairs = map[string]queryMap{
		"Attributes": {"Attribute", "Name"}, "MessageAttributes": {"MessageAttribute", "Name"}, "Tags": {"Tag", "Key"},
	}
)

// withoutResult are the actions whose responses have no result. Others have one even if it is
// empty: boto3 of Debian 12 fails without it.
var withoutResult = []string{
	"ChangeMessageVisibility", "DeleteMessage", "DeleteQueue", "PurgeQueue", "SetQueueAttributes", "TagQueue", "UntagQueue",
}

// queryResponse is the response of an action, in XML.
func queryResponse(action string, answer any) ([]byte, error) {
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	w := queryWriter{action: action}
	w.start(action+"Response", xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: queryNamespace})
	if !slices.Contains(withoutResult, action) {
		w.element(action+"Result", fields)
	}
	w.element("ResponseMetadata", map[string]any{"RequestId": newUUID()})
	w.end(action + "Response")
	return w.out.Bytes(), w.err
}

// queryWriter writes a JSON value as XML.
type queryWriter struct {
	action string
	out    bytes.Buffer
	enc    *xml.Encoder
	err    error
}

func (w *queryWriter) token(t xml.Token) {
	if w.enc == nil {
		w.out.WriteString(xml.Header)
		w.enc = xml.NewEncoder(&w.out)
	}
	w.err = errors.Join(w.err, w.enc.EncodeToken(t), w.enc.Flush())
}

func (w *queryWriter) start(name string, attributes ...xml.Attr) {
	w.token(xml.StartElement{Name: xml.Name{Local: name}, Attr: attributes})
}

func (w *queryWriter) end(name string) { w.token(xml.EndElement{Name: xml.Name{Local: name}}) }

func (w *queryWriter) element(name string, value any) {
	w.start(name)
	w.content(value)
	w.end(name)
}

func (w *queryWriter) content(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			w.field(name, value[name])
		}
	case string:
		w.token(xml.CharData(value))
	default:
		data, err := json.Marshal(value)
		w.err = errors.Join(w.err, err)
		w.token(xml.CharData(data))
	}
}

func (w *queryWriter) field(name string, value any) {
	if as, ok := queryPairs[name]; ok {
		pairs, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(pairs)) {
			w.start(as.field)
			w.element(as.key, key)
			w.element("Value", pairs[key])
			w.end(as.field)
		}
		return
	}
	list, ok := value.([]any)
	if !ok {
		if value != nil {
			w.element(name, value)
		}
		return
	}
	element := queryElements[name]
	if name == "Successful" {
		element = w.action + "ResultEntry"
	}
	for _, item := range list {
		w.element(element, item)
	}
}

// serveQuery serves a call of the query protocol. Its signature is verified already.
func (s *Server) serveQuery(w http.ResponseWriter, c *call, form url.Values) {
	action, body, err := queryRequest(form)
	if err == nil {
		c.body = body
		var answer any
		if answer, err = s.dispatch(c, "AmazonSQS."+action); err == nil {
			var out []byte
			if out, err = queryResponse(action, answer); err == nil {
				if err := writeXML(w, http.StatusOK, out); err != nil && c.unsent != nil {
					c.unsent()
				}
				return
			}
			if c.unsent != nil {
				c.unsent()
			}
		}
	}
	writeQueryError(w, err)
}

func writeQueryError(w http.ResponseWriter, err error) {
	e, ok := asAnswer(err)
	if !ok {
		e = internalFailure(err)
	}
	out, err := xml.Marshal(struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     struct{ Type, Code, Message string }
		RequestID string `xml:"RequestId"`
	}{
		Namespace: queryNamespace,
		Error:     struct{ Type, Code, Message string }{e.fault(), e.code, e.message},
		RequestID: newUUID(),
	})
	if err != nil {
		panic("encode an error: " + err.Error()) // Strings cannot fail.
	}
	// A client that cannot read its error has disconnected.
	_ = writeXML(w, e.status, out)
}

func writeXML(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "text/xml")
	return send(w, status, body)
}

// isQuery reports whether a request uses the query protocol.
func isQuery(r *http.Request) bool { return r.Header.Get("X-Amz-Target") == "" }

// queryForm returns the parameters of a call, in its body or its URL.
func queryForm(r *http.Request, body []byte) (url.Values, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest(commonShape+"MalformedQueryString", "MalformedQueryString", "%v", err)
	}
	for name, values := range r.URL.Query() {
		form[name] = values
	}
	if form.Get("Action") == "" {
		return nil, badRequest(commonShape+"MissingAction", "MissingAction", "The request must contain the parameter Action.")
	}
	// A client sends some calls to the queue's own URL, and need not name it again.
	if form.Get("QueueUrl") == "" && strings.Count(r.URL.Path, "/") == 2 {
		form.Set("QueueUrl", r.URL.Path)
	}
	return form, nil
}
