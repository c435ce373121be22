package edge

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// The list prices that docs/cost.md states, in US dollars a million calls or as said.
const (
	priceFunction      = 0.10       // CloudFront Functions.
	priceLambdaEdge    = 0.60       // Lambda@Edge.
	priceLambdaEdgeGBs = 0.00005001 // For a GB-second.
	priceLambda        = 0.20       // Lambda on arm64.
	priceLambdaGBs     = 0.0000133334
	priceGet           = 0.40 // S3: GET and HEAD.
	pricePut           = 5.00
	priceSQS           = 0.40
	priceStored        = 0.023  // For a GB-month.
	priceVCPU          = 0.0494 // For an hour on Fargate, with 2 GB.
	priceFleet         = 36.0   // A month of the smallest fleet.
	million            = 1e6
)

// mode is what a mode costs for a million events.
type mode struct {
	name        string
	view        float64 // Every view.
	fetch, miss float64 // A fetch of a rendition that exists; a view for which it does not.
}

// modes computes them from the calls that each makes, as docs/cost.md lists them.
func modes() []mode {
	edgeFunction := priceLambdaEdge + 0.020*0.25*priceLambdaEdgeGBs*million // 20 ms of 256 MB.
	url := priceLambda + 0.200*0.25*priceLambdaGBs*million                  // 200 ms of 256 MB: the original is streamed.
	return []mode{
		{"`lambda-edge`", priceFunction, 2*edgeFunction + 2*priceGet, 2*edgeFunction + 3*priceGet + priceSQS},
		{"`origin-group`", priceFunction, 2*edgeFunction + priceGet, 3*edgeFunction + 3*priceGet + priceSQS},
		{"`function`", priceFunction, priceGet, url + 3*priceGet + priceSQS},
	}
}

// The tables of the docs are those that follow from the prices.
func TestCostTables(t *testing.T) {
	var events, views []string
	for _, m := range modes() {
		events = append(events, fmt.Sprintf("| %s | %.2f | %.2f | %.2f |", m.name, m.view, m.fetch, m.miss))
	}
	for _, n := range []float64{1, 10, 100} {
		for _, hits := range []float64{0.80, 0.95, 0.99} {
			row := fmt.Sprintf("| %.0f | %.0f %% |", n, hits*100)
			for _, m := range modes() {
				row += fmt.Sprintf(" %.2f |", n*m.view+n*(1-hits)*m.fetch)
			}
			views = append(views, row)
		}
	}
	wantRows(t, "../docs/cost.md", events...)
	wantRows(t, "../docs/cost.md", views...)
}

// site is a website: new pictures and views in a month.
type site struct {
	name            string
	pictures, views float64
}

// The bill of docs/operations.md: the prices above for sites whose pictures have 8
// renditions, of which viewers ask for 2, at 95 % cache hits.
func TestBill(t *testing.T) {
	const (
		renditions, asked, hits = 8.0, 2.0, 0.95
		cpuSeconds, busy        = 0.150, 0.7
		gigabytes               = 60e3 / 1e9 // Of a rendition.
		months                  = 12.0       // Whose pictures are stored.
	)
	var rows []string
	for _, s := range []site{{"small", 10_000, million}, {"medium", 100_000, 10 * million}, {"large", million, 100 * million}} {
		workers := math.Max(priceFleet, s.pictures*cpuSeconds/busy/3600*priceVCPU)
		making := s.pictures / million * ((renditions+4)*priceGet + renditions*pricePut + asked*3*priceSQS)
		storage := months * s.pictures * renditions * gigabytes * priceStored
		row := fmt.Sprintf("| %s: %s pictures, %s views | %.2f | %.2f | %.2f |", s.name, count(s.pictures), count(s.views), workers, making, storage)
		for _, m := range modes() {
			misses := s.pictures * asked
			edge := (s.views*m.view + (s.views*(1-hits)-misses)*m.fetch + misses*(m.miss-priceSQS)) / million // Its message is in making.
			row += fmt.Sprintf(" %.2f, **%.0f** |", edge, workers+making+storage+edge)
		}
		rows = append(rows, row)
	}
	wantRows(t, "../docs/operations.md", rows...)
}

func count(n float64) string {
	if n >= million {
		return fmt.Sprintf("%.0fM", n/million)
	}
	return fmt.Sprintf("%.0fk", n/1000)
}

// wantRows checks that a page has a table with these rows, in this order.
func wantRows(t *testing.T, page string, rows ...string) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if table := strings.Join(rows, "\n"); !strings.Contains(string(data), table+"\n\n") {
		t.Errorf("%s does not have the table\n%s", page, table)
	}
}
