package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

// stopTime is how long a task has to stop beyond the grace that a worker gives its jobs: it
// says so to the queue.
const stopTime = 15 * time.Second

// newWorkers runs the workers' container on Fargate, or on machines of the account.
func newWorkers(home *stack, s settings, q queues, distributionID string) awsecs.BaseService {
	network := newNetwork(home)
	cluster := awsecs.NewCluster(home.Stack, jsii.String("Cluster"), &awsecs.ClusterProps{
		Vpc: network.vpc,
		// RunningTaskCount, by which scaling divides, is one of its metrics.
		ContainerInsightsV2:            awsecs.ContainerInsights_ENABLED,
		EnableFargateCapacityProviders: jsii.Bool(s.Capacity == "fargate"),
	})
	task := newTask(home, s, q, distributionID)
	var service awsecs.BaseService
	if s.Capacity == "ec2" {
		service = onMachines(home, s, network, cluster, task)
	} else {
		service = onFargate(home, s, network, cluster, task)
	}
	// A task that cannot fetch its image would otherwise count as a broken deployment.
	service.Node().AddDependency(cluster, network.vpc.InternetConnectivityEstablished())
	scale(home, s, q, service)
	return service
}

func newTask(home *stack, s settings, q queues, distributionID string) awsecs.TaskDefinition {
	machines := s.Capacity == "ec2"
	props := &awsecs.TaskDefinitionProps{
		Compatibility: awsecs.Compatibility_FARGATE,
		Cpu:           jsii.String(strconv.Itoa(s.CPU)),
		MemoryMiB:     jsii.String(strconv.Itoa(s.Memory)),
		TaskRole:      workerRole(home, s, q, distributionID),
	}
	if machines {
		// A task with an address of its own would have no way to SQS there without NAT.
		props.Compatibility, props.NetworkMode = awsecs.Compatibility_EC2, awsecs.NetworkMode_BRIDGE
	} else {
		props.RuntimePlatform = &awsecs.RuntimePlatform{
			CpuArchitecture:       awsecs.CpuArchitecture_Of(jsii.String(map[string]string{"x86_64": "X86_64", "arm64": "ARM64"}[s.Architecture])),
			OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
		}
	}
	task := awsecs.NewTaskDefinition(home.Stack, jsii.String("Task"), props)
	environment := map[string]*string{
		"AWS_REGION":               &s.Region,
		"CALOTYPE_BUCKET":          home.Bucket,
		"CALOTYPE_RESIZED_PREFIX":  home.Folder,
		"CALOTYPE_QUALITY":         home.Quality,
		"CALOTYPE_QUEUE_URL":       q.jobs.QueueUrl(),
		"CALOTYPE_DEAD_LETTER_URL": q.dead.QueueUrl(),
	}
	if q.events != nil {
		environment["CALOTYPE_EVENTS_QUEUE_URL"] = q.events.QueueUrl()
	}
	if q.backfill != nil {
		environment["CALOTYPE_BACKFILL_QUEUE_URL"] = q.backfill.QueueUrl()
	}
	if s.OnUpload != "" {
		environment["CALOTYPE_ON_UPLOAD"] = &s.OnUpload
	}
	if s.Notify != "" {
		environment["CALOTYPE_NOTIFY"] = jsii.String(notifyTarget(s))
	}
	if s.Purge {
		environment["CALOTYPE_PURGE_DISTRIBUTION"] = &distributionID
		if s.CacheTags {
			environment["CALOTYPE_PURGE_BY_TAG"] = jsii.String("true")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Worker)) {
		environment[name] = jsii.String(s.Worker[name])
	}
	linux := awsecs.NewLinuxParameters(home.Stack, jsii.String("Linux"), nil)
	linux.DropCapabilities(awsecs.Capability_ALL)
	container := task.AddContainer(jsii.String("worker"), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromAsset(jsii.String(root), &awsecs.AssetImageProps{
			File:      jsii.String(filepath.Join("deployments", "docker", "Dockerfile")),
			Platform:  map[string]awsecrassets.Platform{"x86_64": awsecrassets.Platform_LINUX_AMD64(), "arm64": awsecrassets.Platform_LINUX_ARM64()}[s.Architecture],
			BuildArgs: &map[string]*string{"PRESETS": &s.PresetsFile},
		}),
		Environment:            &environment,
		Cpu:                    jsii.Number(s.CPU),
		MemoryLimitMiB:         jsii.Number(s.Memory),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        linux,
		HealthCheck: &awsecs.HealthCheck{
			Command:     jsii.Strings("CMD", "/usr/bin/calotype", "health"),
			Interval:    awscdk.Duration_Seconds(jsii.Number(10)),
			StartPeriod: awscdk.Duration_Seconds(jsii.Number(30)),
		},
		StopTimeout: awscdk.Duration_Seconds(jsii.Number(s.StopTimeout.Seconds())),
		Logging: awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			StreamPrefix: jsii.String("worker"),
			// Problems with logs must not stop the work.
			Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
			LogGroup: awslogs.NewLogGroup(home.Stack, jsii.String("WorkerLog"), &awslogs.LogGroupProps{
				Retention:     awslogs.RetentionDays_ONE_MONTH,
				RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
			}),
		}),
	})
	// libvips may write temporary files, and the root is read-only. In the image every user
	// may write there.
	task.AddVolume(&awsecs.Volume{Name: jsii.String("tmp")})
	container.AddMountPoints(&awsecs.MountPoint{ContainerPath: jsii.String("/tmp"), SourceVolume: jsii.String("tmp"), ReadOnly: jsii.Bool(false)})
	return task
}
