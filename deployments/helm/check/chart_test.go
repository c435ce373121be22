// Package check tests the Helm chart: it renders each values file with Helm's own library,
// and validates the objects by the schemas of Kubernetes, KEDA and the Prometheus operator.
package check

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yannh/kubeconform/pkg/validator"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	loose "sigs.k8s.io/yaml"

	"calotype/internal/hermetic"
)

//go:generate sh -c "cd schemas && go run ."

func TestMain(m *testing.M) { hermetic.Main(m) }

var (
	chart = filepath.Join("..", "calotype")
	files = []string{"minimal-values.yaml", "everything-values.yaml", "fixed-values.yaml"}
)

// scaledObject and serviceMonitor have the fields of custom resources that tests ask for.
type (
	scaledObject struct {
		Spec struct {
			ScaleTargetRef                   struct{ Name string }
			MinReplicaCount, MaxReplicaCount int
			Advanced                         struct {
				ScalingModifiers struct{ Formula, Target string }
			}
			Triggers []struct {
				Type, Name        string
				Metadata          map[string]string
				AuthenticationRef struct{ Name string }
			}
		}
	}
	serviceMonitor struct {
		Metadata struct{ Labels map[string]string }
		Spec     struct {
			Endpoints []struct{ Port, Path string }
		}
	}
	triggerAuthentication struct {
		Metadata struct{ Name string }
	}
)

// kinds are the types that the chart's objects are decoded into.
var kinds = map[string]func() any{
	"Deployment":            func() any { return &apps.Deployment{} },
	"ServiceAccount":        func() any { return &core.ServiceAccount{} },
	"ConfigMap":             func() any { return &core.ConfigMap{} },
	"Service":               func() any { return &core.Service{} },
	"PodDisruptionBudget":   func() any { return &policy.PodDisruptionBudget{} },
	"NetworkPolicy":         func() any { return &networking.NetworkPolicy{} },
	"ScaledObject":          func() any { return &scaledObject{} },
	"TriggerAuthentication": func() any { return &triggerAuthentication{} },
	"ServiceMonitor":        func() any { return &serviceMonitor{} },
}

func valuesOf(t *testing.T, file string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chart, "ci", file))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// render renders the chart as "helm template" does.
func render(t *testing.T, values map[string]any) (string, error) {
	t.Helper()
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(&action.Configuration{})
	install.DryRun, install.ClientOnly, install.ReleaseName, install.Namespace = true, true, "pictures", "web"
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
	release, err := install.Run(loaded, values)
	if err != nil {
		return "", err
	}
	return release.Manifest, nil
}

// objects decodes a manifest's objects, by their kinds.
func objects(t *testing.T, manifest string) map[string]any {
	t.Helper()
	found := map[string]any{}
	documents := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			Kind string
		}
		if err := loose.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind == "" {
			continue
		}
		if kinds[head.Kind] == nil || found[head.Kind] != nil {
			t.Fatalf("%s: unknown to this test, or not the only one", head.Kind)
		}
		object := kinds[head.Kind]()
		if err := loose.Unmarshal(document, object); err != nil {
			t.Errorf("%s: %v\n%s", head.Kind, err, document)
		}
		found[head.Kind] = object
	}
}

func TestLint(t *testing.T) {
	for _, file := range files {
		lint := action.NewLint()
		lint.Strict = true
		result := lint.Run([]string{chart}, valuesOf(t, file))
		for _, m := range result.Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %v", file, m)
			}
		}
		if len(result.Errors) > 0 {
			t.Errorf("%s: %v", file, result.Errors)
		}
	}
}

// Every object fits its schema, in which an unknown field is an error.
func TestSchemas(t *testing.T) {
	schemas, err := validator.New([]string{filepath.Join("schemas", "{{ .ResourceKind }}{{ .KindSuffix }}.json")}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	validate := func(manifest string) (valid int, problems []string) {
		for _, result := range schemas.Validate("manifest", io.NopCloser(strings.NewReader(manifest))) {
			switch result.Status {
			case validator.Valid:
				valid++
			case validator.Empty:
			default:
				problems = append(problems, result.Err.Error())
			}
		}
		return valid, problems
	}
	for _, file := range files {
		manifest, err := render(t, valuesOf(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if valid, problems := validate(manifest); len(problems) > 0 || valid != len(objects(t, manifest)) {
			t.Errorf("%s: %d valid objects of %d: %q", file, valid, len(objects(t, manifest)), problems)
		}
		for name, change := range map[string][2]string{
			"unknown field":   {"revisionHistoryLimit:", "revisionHistory:"},
			"wrong type":      {"automountServiceAccountToken: false", "automountServiceAccountToken: never"},
			"unknown kind":    {"kind: ServiceAccount", "kind: ServiceAcount"},
			"KEDA's field":    {"maxReplicaCount:", "maxReplicas:"},
			"operator's type": {"interval: 15s", "interval: 15"},
		} {
			changed := strings.ReplaceAll(manifest, change[0], change[1])
			if _, problems := validate(changed); changed != manifest && len(problems) == 0 {
				t.Errorf("%s: %s: the schemas accept it", file, name)
			}
		}
	}
}

func TestMinimal(t *testing.T) {
	manifest, err := render(t, valuesOf(t, "minimal-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := objects(t, manifest)
	want := []string{"Deployment", "NetworkPolicy", "PodDisruptionBudget", "ScaledObject", "ServiceAccount", "TriggerAuthentication"}
	if kinds := slices.Sorted(maps.Keys(got)); !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
	deployment := got["Deployment"].(*apps.Deployment)
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	if deployment.Spec.Replicas != nil {
		t.Error("replicas would undo what KEDA set at each upgrade")
	}
	// A job has its grace period, and the worker has time to release its messages after it.
	if got := *pod.TerminationGracePeriodSeconds; got != 40 || env(container)["CALOTYPE_GRACE"] != "25s" {
		t.Errorf("%d s to stop, with a grace period of %s", got, env(container)["CALOTYPE_GRACE"])
	}
	security := container.SecurityContext
	if !*security.ReadOnlyRootFilesystem || !*security.RunAsNonRoot || *security.AllowPrivilegeEscalation || *security.RunAsUser != 65532 ||
		len(security.Capabilities.Drop) != 1 || security.Capabilities.Drop[0] != "ALL" || len(security.Capabilities.Add) > 0 || pod.SecurityContext.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the container may do more than it needs: %+v", security)
	}
	if *pod.AutomountServiceAccountToken || container.Image != "calotype:0.1.0" {
		t.Errorf("image %s, token mounted: %v", container.Image, *pod.AutomountServiceAccountToken)
	}
	if got := got["ScaledObject"].(*scaledObject).Spec; got.MinReplicaCount != 1 || got.Advanced.ScalingModifiers.Formula != "jobs" || len(got.Triggers) != 1 {
		t.Errorf("got %+v", got)
	}
	if got := got["ServiceAccount"].(*core.ServiceAccount); got.Annotations != nil {
		t.Errorf("with Pod Identity the service account has %v", got.Annotations)
	}
	egress := got["NetworkPolicy"].(*networking.NetworkPolicy).Spec.Egress
	if last := egress[len(egress)-1]; last.To[0].IPBlock.CIDR != "169.254.170.23/32" {
		t.Errorf("pods cannot reach the agent of Pod Identity: %+v", last)
	}
}

func TestEverything(t *testing.T) {
	manifest, err := render(t, valuesOf(t, "everything-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := objects(t, manifest)
	if len(got) != len(kinds) {
		t.Errorf("got %v, want all of %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(kinds)))
	}
	deployment := got["Deployment"].(*apps.Deployment)
	container := deployment.Spec.Template.Spec.Containers[0]
	for name, want := range map[string]string{
		"CALOTYPE_SIBLINGS": "all", "CALOTYPE_ON_UPLOAD": "M,M.webp", "CALOTYPE_MAX_PIXELS": "100000000", "CALOTYPE_PRESETS": "/etc/calotype/presets.json",
		"CALOTYPE_GRACE": "60s", "CALOTYPE_EVENTS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/calotype-jobs-events",
	} {
		if got := env(container)[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasSuffix(container.Image, "calotype@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef") || *deployment.Spec.Template.Spec.TerminationGracePeriodSeconds != 75 {
		t.Errorf("image %s, %d s to stop", container.Image, *deployment.Spec.Template.Spec.TerminationGracePeriodSeconds)
	}
	scaled := got["ScaledObject"].(*scaledObject).Spec
	if scaled.MinReplicaCount != 0 || scaled.Advanced.ScalingModifiers.Formula != "backfill + events + jobs" || len(scaled.Triggers) != 3 || scaled.ScaleTargetRef.Name != deployment.Name {
		t.Errorf("got %+v", scaled)
	}
	for _, trigger := range scaled.Triggers {
		if trigger.Type != "aws-sqs-queue" || !strings.HasPrefix(trigger.Metadata["queueURL"], "https://sqs.eu-west-1.") || trigger.AuthenticationRef.Name != got["TriggerAuthentication"].(*triggerAuthentication).Metadata.Name {
			t.Errorf("got %+v", trigger)
		}
	}
	if role := got["ServiceAccount"].(*core.ServiceAccount).Annotations["eks.amazonaws.com/role-arn"]; role != "arn:aws:iam::123456789012:role/calotype-worker" {
		t.Errorf("role %q", role)
	}
	if presets := got["ConfigMap"].(*core.ConfigMap).Data["presets.json"]; presets != `{"M":"1200x628","S":"600x314"}` {
		t.Errorf("presets %s", presets)
	}
	// Every selector matches the pods' labels, and the monitor names a port of the container.
	labels := deployment.Spec.Template.Labels
	for kind, selector := range map[string]map[string]string{
		"Deployment": deployment.Spec.Selector.MatchLabels, "PodDisruptionBudget": got["PodDisruptionBudget"].(*policy.PodDisruptionBudget).Spec.Selector.MatchLabels,
		"NetworkPolicy": got["NetworkPolicy"].(*networking.NetworkPolicy).Spec.PodSelector.MatchLabels, "Service": got["Service"].(*core.Service).Spec.Selector,
	} {
		for name, value := range selector {
			if labels[name] != value {
				t.Errorf("%s selects %v, the pods have %v", kind, selector, labels)
			}
		}
	}
	service, monitor := got["Service"].(*core.Service), got["ServiceMonitor"].(*serviceMonitor)
	if service.Spec.Ports[0].Name != monitor.Spec.Endpoints[0].Port || container.Ports[0].Name != service.Spec.Ports[0].TargetPort.StrVal || monitor.Metadata.Labels["release"] != "prometheus" {
		t.Errorf("ports %+v, %+v", service.Spec.Ports, monitor.Spec.Endpoints)
	}
}

func TestFixed(t *testing.T) {
	manifest, err := render(t, valuesOf(t, "fixed-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := objects(t, manifest)
	if deployment := got["Deployment"].(*apps.Deployment); *deployment.Spec.Replicas != 3 || got["ScaledObject"] != nil {
		t.Errorf("got %d replicas and %v", *deployment.Spec.Replicas, got["ScaledObject"])
	}
}

// Mistakes in the values are errors before anything is installed.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(values map[string]any)
		want   string
	}{
		"no bucket":                    {func(v map[string]any) { delete(v, "bucket") }, "bucket"},
		"no role":                      {func(v map[string]any) { v["identity"] = map[string]any{"type": "irsa"} }, "identity.roleArn is missing"},
		"identity":                     {func(v map[string]any) { v["identity"] = map[string]any{"type": "keys"} }, "identity"},
		"unknown flag":                 {func(v map[string]any) { v["settings"] = map[string]any{"colour": "red"} }, "colour"},
		"flag with a value of its own": {func(v map[string]any) { v["settings"] = map[string]any{"grace": "1m"} }, "grace"},
		"unknown value":                {func(v map[string]any) { v["bukket"] = "x" }, "bukket"},
	} {
		values := valuesOf(t, "minimal-values.yaml")
		c.change(values)
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func env(c core.Container) map[string]string {
	values := map[string]string{}
	for _, e := range c.Env {
		values[e.Name] = e.Value
	}
	return values
}
