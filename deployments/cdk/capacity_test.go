package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestFargate(t *testing.T) {
	spot := map[string]any{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
	for name, c := range map[string]struct {
		context map[string]any
		want    any
		cpu     string
	}{
		"as it comes": {nil, []any{map[string]any{"CapacityProvider": "FARGATE", "Weight": 1}}, "X86_64"},
		"spot":        {map[string]any{"spot": true}, []any{map[string]any{"Base": 1, "CapacityProvider": "FARGATE", "Weight": 0}, spot}, "X86_64"},
		"spot alone":  {map[string]any{"spot": true, "minTasks": 0, "architecture": "arm64"}, []any{spot}, "ARM64"},
	} {
		t.Run(name, func(t *testing.T) {
			stack := synthesise(t, c.context)["calotype"]
			stack.one(t, "AWS::ECS::Service", "Workers").has(t, map[string]any{"CapacityProviderStrategy": c.want, "LaunchType": nil})
			stack.one(t, "AWS::ECS::TaskDefinition", "Task").has(t, map[string]any{"RuntimePlatform.CpuArchitecture": c.cpu, "RequiresCompatibilities": []string{"FARGATE"}})
		})
	}
}

func TestMachines(t *testing.T) {
	for architecture, c := range map[string]struct{ instance, image string }{
		"x86_64": {"m7i.large", "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"},
		"arm64":  {"m7g.large", "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended"},
	} {
		t.Run(architecture, func(t *testing.T) {
			stack := synthesise(t, map[string]any{"capacity": "ec2", "architecture": architecture, "spot": true, "cpu": 1500, "memory": 3000})["calotype"]
			template := stack.one(t, "AWS::EC2::LaunchTemplate", "Machine")
			template.has(t, map[string]any{
				"LaunchTemplateData.InstanceType":                            c.instance,
				"LaunchTemplateData.MetadataOptions.HttpTokens":              "required",
				"LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit": 1,
				"LaunchTemplateData.InstanceMarketOptions.MarketType":        "spot",
				"LaunchTemplateData.BlockDeviceMappings.0.Ebs.Encrypted":     true,
			})
			image, _ := template.Properties.at("LaunchTemplateData.ImageId.Ref").(string)
			if got := fmt.Sprint(stack.Parameters[image]["Default"]); !strings.HasPrefix(got, c.image) {
				t.Errorf("the machine's image is %s, want %s", got, c.image)
			}
			stack.one(t, "AWS::AutoScaling::AutoScalingGroup", "Machines").has(t, map[string]any{"MinSize": "0", "MaxSize": "10"})
			stack.one(t, "AWS::ECS::TaskDefinition", "Task").has(t, map[string]any{
				"NetworkMode": "bridge", "RequiresCompatibilities": []string{"EC2"},
				"ContainerDefinitions.0.Memory": 3000, "ContainerDefinitions.0.Cpu": 1500,
			})
			stack.one(t, "AWS::ECS::Service", "Workers").has(t, map[string]any{"LaunchType": nil, "CapacityProviderStrategy.0.Weight": 1, "CapacityProviderStrategy.1": nil})
			if ways := stack.all("AWS::EC2::SecurityGroupIngress"); len(ways) > 0 {
				t.Errorf("ways in: %v", ways)
			}
		})
	}
}
