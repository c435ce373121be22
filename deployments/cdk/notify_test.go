package main

import "testing"

// Workers announce how jobs end to the bus or the queue that the context names, and may send
// to nothing else.
func TestNotify(t *testing.T) {
	const bus, queue = "arn:aws:events:eu-west-1:999999999999:event-bus/theirs", "https://sqs.us-east-1.amazonaws.com/999999999999/pictures-ready"
	for value, want := range map[string]struct{ target, actions, resource string }{
		"pictures": {"arn:aws:events:us-east-1:123456789012:event-bus/pictures", `"events:PutEvents"`, "arn:aws:events:us-east-1:123456789012:event-bus/pictures"},
		bus:        {bus, `"events:PutEvents"`, bus},
		queue:      {queue, `["sqs:GetQueueAttributes","sqs:SendMessage"]`, "arn:aws:sqs:us-east-1:999999999999:pictures-ready"},
	} {
		stack := synthesise(t, map[string]any{"notify": value})["calotype"]
		if got := resolve(t, environment(t, stack)["CALOTYPE_NOTIFY"]); got != want.target {
			t.Errorf("the workers notify %s, want %s", got, want.target)
		}
		found := false
		for _, role := range stack.all("AWS::IAM::Role") {
			statements, _ := role.Properties.at("Policies.0.PolicyDocument.Statement").([]any)
			for _, value := range statements {
				if statement := object(value.(map[string]any)); statement["Sid"] == "AnnounceHowJobsEnd" {
					found = true
					if text(statement["Action"]) != want.actions || resolve(t, statement["Resource"]) != want.resource {
						t.Errorf("%s: the workers may %s on %s", want.target, text(statement["Action"]), text(statement["Resource"]))
					}
				}
			}
		}
		if !found {
			t.Errorf("%s: the workers may not send there", want.target)
		}
	}
}
