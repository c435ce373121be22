// Command schemas writes a JSON schema for each kind of object that the chart makes, in the
// form that kubeconform reads. It runs in this folder: go generate.
//
// Sources: the OpenAPI description of Kubernetes 1.34.3, and the custom resource definitions
// of KEDA 2.18.3 and of the Prometheus operator 0.94.0, all under the Apache License 2.0.
// Descriptions are left out.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const kubernetes = "k8s.io/kubernetes@v1.34.3"

// native names the definitions of Kubernetes' own kinds.
var native = map[string]string{
	"configmap-v1":                  "io.k8s.api.core.v1.ConfigMap",
	"deployment-apps-v1":            "io.k8s.api.apps.v1.Deployment",
	"networkpolicy-networking-v1":   "io.k8s.api.networking.v1.NetworkPolicy",
	"poddisruptionbudget-policy-v1": "io.k8s.api.policy.v1.PodDisruptionBudget",
	"service-v1":                    "io.k8s.api.core.v1.Service",
	"serviceaccount-v1":             "io.k8s.api.core.v1.ServiceAccount",
}

// custom names the file of each custom resource's definition.
var custom = map[string][2]string{
	"scaledobject-keda-v1alpha1":          {"github.com/kedacore/keda/v2@v2.18.3", "config/crd/bases/keda.sh_scaledobjects.yaml"},
	"triggerauthentication-keda-v1alpha1": {"github.com/kedacore/keda/v2@v2.18.3", "config/crd/bases/keda.sh_triggerauthentications.yaml"},
	"servicemonitor-monitoring-v1": {"github.com/prometheus-operator/prometheus-operator@v0.94.0",
		"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"},
}

func main() {
	log.SetFlags(0)
	var description struct{ Definitions map[string]any }
	read(kubernetes, "api/openapi-spec/swagger.json", &description)
	for name, definition := range native {
		write(name, standalone(description.Definitions[definition], description.Definitions))
	}
	for name, source := range custom {
		var resource struct {
			Spec struct {
				Versions []struct {
					Schema struct{ OpenAPIV3Schema any }
				}
			}
		}
		read(source[0], source[1], &resource)
		write(name, standalone(resource.Spec.Versions[0].Schema.OpenAPIV3Schema, nil))
	}
}

// standalone returns a schema with its references replaced by what they name, without
// descriptions and Kubernetes' extensions, in which an unknown property is an error.
func standalone(schema any, definitions map[string]any) any {
	switch s := schema.(type) {
	case []any:
		for i := range s {
			s[i] = standalone(s[i], definitions)
		}
		return s
	case map[string]any:
		if reference, ok := s["$ref"].(string); ok {
			name := strings.TrimPrefix(reference, "#/definitions/")
			if definitions[name] == nil {
				log.Fatalf("%s is not defined", reference)
			}
			return standalone(definitions[name], definitions)
		}
		if s["format"] == "int-or-string" || s["x-kubernetes-int-or-string"] == true {
			return map[string]any{"type": []any{"integer", "string"}}
		}
		clean := map[string]any{}
		for key, value := range s {
			switch {
			case key == "properties":
				properties := map[string]any{}
				for name, property := range value.(map[string]any) {
					properties[name] = standalone(property, definitions)
				}
				clean[key] = properties
			case key == "description" || key == "format" || strings.HasPrefix(key, "x-"):
			default:
				clean[key] = standalone(value, definitions)
			}
		}
		if clean["properties"] != nil && clean["additionalProperties"] == nil && s["x-kubernetes-preserve-unknown-fields"] != true {
			clean["additionalProperties"] = false
		}
		return clean
	}
	return schema
}

// read decodes a YAML or JSON file of a module's version.
func read(module, path string, into any) {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		log.Fatalf("download %s: %v: %s", module, err, out)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(downloaded.Dir, path))
	if err != nil {
		log.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		log.Fatalf("decode %s: %v", path, err)
	}
}

func write(name string, schema any) {
	data, err := json.Marshal(schema)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(name+".json", append(data, '\n'), 0o666); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s.json: %d bytes\n", name, len(data)+1)
}
