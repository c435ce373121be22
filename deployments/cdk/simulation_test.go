package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updatePlot = flag.Bool("update", false, "write docs/scaling.svg")

// evaluate computes an expression of CloudWatch's metric math, of those that the templates
// have. A metric that is missing is NaN.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func evaluate(t *testing.T, expression string, metrics map[string]float64) float64 {
	t.Helper()
	e, err := parser.ParseExpr(strings.NewReplacer("[", "", "]", "").Replace(expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	var value func(e ast.Expr) float64
	value = func(e ast.Expr) float64 {
		switch e := e.(type) {
		case *ast.ParenExpr:
			return value(e.X)
		case *ast.BasicLit:
			n, _ := strconv.ParseFloat(e.Value, 64)
			return n
		case *ast.Ident:
			if n, ok := metrics[e.Name]; ok {
				return n
			}
			t.Fatalf("%s: there is no metric %s", expression, e.Name)
		case *ast.BinaryExpr:
			x, y := value(e.X), value(e.Y)
			switch e.Op {
			case token.ADD:
				return x + y
			case token.QUO:
				return x / y
			case token.LSS:
				return map[bool]float64{true: 1}[x < y]
			case token.GTR:
				return map[bool]float64{true: 1}[x > y]
			}
		case *ast.CallExpr:
			var args []float64
			for _, arg := range e.Args {
				args = append(args, value(arg))
			}
			switch name := e.Fun.(*ast.Ident).Name; {
			case name == "IF" && args[0] != 0:
				return args[1]
			case name == "IF":
				return args[2]
			case name == "MAX":
				return slices.Max(args)
			case name == "FILL" && math.IsNaN(args[0]):
				return args[1]
			case name == "FILL":
				return args[0]
			}
		}
		t.Fatalf("%s: unknown to this test: %s", expression, e)
		return 0
	}
	return value(e)
}

// policy is a target-tracking policy of a template, with what its alarms have counted.
type policy struct {
	expression string
	target     float64
	above      int // Minutes above the target in a row.
	below      int // Minutes below nine tenths of it in a row.
}

// want returns the number of tasks that the policy wants while tasks of them run: it tracks
// in proportion, after three minutes above the target, or fifteen below it.
// https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
func (p *policy) want(t *testing.T, tasks int, metrics map[string]float64) (want int, lower bool) {
	value := evaluate(t, p.expression, metrics)
	p.above, p.below = p.above+1, p.below+1
	if value <= p.target {
		p.above = 0
	}
	if value >= 0.9*p.target {
		p.below = 0
	}
	proportional := int(math.Ceil(float64(max(tasks, 1)) * value / p.target))
	switch {
	case p.above >= 3:
		return max(tasks, proportional), false
	case p.below >= 15:
		return min(tasks, proportional), true
	}
	return tasks, false
}

// fleet simulates a service by its template, a minute a step.
type fleet struct {
	policies           []*policy
	wake               string
	least, most, tasks int
	waiting            map[string]float64 // Jobs by queue.
	oldest             map[string]int     // The minute in which the oldest job was sent.
	lastOut, lastIn    int
}

func newFleet(t *testing.T, stack template) *fleet {
	f := &fleet{waiting: map[string]float64{}, oldest: map[string]int{}, lastOut: -99, lastIn: -99}
	for _, id := range []string{"BacklogPerTask", "OldestJobAge"} {
		config := object(stack.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", id).Properties.at("TargetTrackingScalingPolicyConfiguration").(map[string]any))
		metrics := config.at("CustomizedMetricSpecification.Metrics").([]any)
		f.policies = append(f.policies, &policy{
			expression: metrics[len(metrics)-1].(map[string]any)["Expression"].(string),
			target:     config["TargetValue"].(float64),
		})
	}
	target := stack.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "").Properties
	f.least, f.most = int(target["MinCapacity"].(float64)), int(target["MaxCapacity"].(float64))
	if f.tasks = f.least; f.least == 0 {
		f.wake = stack.one(t, "AWS::CloudWatch::Alarm", "WakeAlarm").Properties.at("Metrics.0.Expression").(string)
	}
	return f
}

// step lets a minute pass, in which each task does perTask jobs: viewers' first.
func (f *fleet) step(t *testing.T, minute int, perTask float64) {
	left := float64(f.tasks) * perTask
	metrics := map[string]float64{"tasks": float64(f.tasks)}
	for _, queue := range []string{"jobs", "events", "backfill"} {
		done := min(left, f.waiting[queue])
		left, f.waiting[queue] = left-done, f.waiting[queue]-done
		metrics[queue], metrics[queue+"Age"] = f.waiting[queue], float64(60*(minute-f.oldest[queue]))
		if f.waiting[queue] == 0 {
			metrics[queue], metrics[queue+"Age"] = math.NaN(), math.NaN() // As of an idle queue.
		}
	}
	if f.wake != "" && evaluate(t, f.wake, metrics) > 0 {
		f.tasks++
	}
	most, fewer := 0, true
	for _, p := range f.policies {
		want, lower := p.want(t, f.tasks, metrics)
		most, fewer = max(most, want), fewer && lower
	}
	most = min(max(most, f.least), f.most)
	switch {
	case most > f.tasks && minute-f.lastOut >= 1:
		f.tasks, f.lastOut = most, minute
	case most < f.tasks && fewer && minute-f.lastIn >= 5:
		f.tasks, f.lastIn = most, minute
	}
}

// A backfill of five million pictures takes the fleet to its maximum, for as long as there
// is work for it, and the fleet goes back to its minimum. The arithmetic is that of the
// template's own policies, and the plot is in docs/deployment.md.
func TestBacklogOfFiveMillion(t *testing.T) {
	const jobs, perTask = 5_000_000, 40 // 1.5 s a job, of a picture of 12 MP in four variants.
	for least, name := range map[int]string{1: "from one task", 0: "from none"} {
		t.Run(name, func(t *testing.T) {
			stack := synthesise(t, map[string]any{"minTasks": least, "maxTasks": 200, "backfillQueue": true, "events": "s3"})["calotype"]
			f := newFleet(t, stack)
			f.waiting["backfill"] = jobs
			var series []point
			full, end := 0, 0
			for minute := 1; minute < 2000 && end == 0; minute++ {
				f.step(t, minute, perTask)
				series = append(series, point{minute, f.tasks, f.waiting["backfill"]})
				switch {
				case full == 0 && f.tasks == f.most:
					full = minute
				case full > 0 && f.tasks < f.most && f.waiting["backfill"] > 0:
					t.Fatalf("minute %d: %d tasks for %.0f jobs", minute, f.tasks, f.waiting["backfill"])
				case f.waiting["backfill"] == 0 && f.tasks == least:
					end = minute
				}
			}
			if full == 0 || full > 10 || end == 0 {
				t.Errorf("at the maximum after %d minutes and at the minimum after %d, want 10 at most, and an end", full, end)
			}
			t.Logf("at the maximum of %d after %d minutes, done after %d", f.most, full, end)
			if least == 1 {
				plot(t, series)
			}
		})
	}
}

// The only waiting job starts the first task, and the fleet ends when it is
// done. One that a viewer waits for too long brings more tasks, however short the queue.
func TestFleetFollowsItsQueues(t *testing.T) {
	f := newFleet(t, synthesise(t, map[string]any{"minTasks": 0})["calotype"])
	f.step(t, 1, 40)
	if f.tasks != 0 {
		t.Errorf("%d tasks without a job", f.tasks)
	}
	f.waiting["jobs"], f.oldest["jobs"] = 1, 2
	f.step(t, 2, 40)
	if f.tasks != 1 {
		t.Errorf("%d tasks for the first job", f.tasks)
	}
	for minute := 3; minute < 40; minute++ {
		f.step(t, minute, 40)
	}
	if f.tasks != 0 {
		t.Errorf("%d tasks half an hour after the last job", f.tasks)
	}
	f.waiting["jobs"], f.oldest["jobs"] = 20, 40 // Fewer than backlogPerTask, and slow ones.
	f.tasks = 1
	for minute := 41; minute < 50; minute++ {
		f.step(t, minute, 0.1)
	}
	if f.tasks < 5 {
		t.Errorf("%d tasks for a job that has waited for ten minutes", f.tasks)
	}
}

type point struct {
	minute, tasks int
	waiting       float64
}

// plot compares the plot in docs with the simulation's.
func plot(t *testing.T, series []point) {
	t.Helper()
	const width, height, left, top = 720, 240, 60, 30
	last := series[len(series)-1].minute
	var tasks, waiting strings.Builder
	highest, most := 0, 0.0
	for _, p := range series {
		highest, most = max(highest, p.tasks), max(most, p.waiting)
	}
	for i, p := range series {
		x := left + float64(width*p.minute)/float64(last)
		if i == 0 || p.tasks != series[i-1].tasks {
			if i > 0 {
				fmt.Fprintf(&tasks, " %.1f,%.1f", x, top+height-height*float64(series[i-1].tasks)/float64(highest))
			}
			fmt.Fprintf(&tasks, " %.1f,%.1f", x, top+height-height*float64(p.tasks)/float64(highest))
		}
		if i%10 == 0 || p.waiting == 0 && series[i-1].waiting > 0 {
			fmt.Fprintf(&waiting, " %.1f,%.1f", x, top+height-height*p.waiting/most)
		}
	}
	fmt.Fprintf(&tasks, " %d,%.1f", left+width, top+height-height*float64(series[len(series)-1].tasks)/float64(highest))
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="#fff"/>
<path d="M%d %d v%d h%d" fill="none" stroke="#888"/>
<polyline points="%s" fill="none" stroke="#c60" stroke-width="2"/>
<polyline points="%s" fill="none" stroke="#06c" stroke-width="2"/>
<g fill="#333"><text x="%d" y="18" fill="#06c">tasks, at most %d</text><text x="%d" y="18" fill="#c60">jobs that wait, 5 million at first</text><text x="%d" y="%d">0</text><text x="%d" y="%d" text-anchor="end">%.1f hours</text></g>
</svg>
`, left+width+30, top+height+40, left, top, height, width, strings.TrimSpace(waiting.String()), strings.TrimSpace(tasks.String()),
		left, highest, left+200, left-4, top+height+20, left+width, top+height+20, float64(last)/60)
	file := filepath.Join(root, "docs", "scaling.svg")
	if *updatePlot {
		if err := os.WriteFile(file, []byte(svg), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(file); err != nil || string(was) != svg {
		t.Errorf("docs/scaling.svg is of another policy (%v): go test -run FiveMillion -update", err)
	}
}
