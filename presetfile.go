package calotype

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// BuiltInPresets parses a presets file in base64, as the linker sets it in programs without
// files. If it is empty, they are [DefaultPresets].
func BuiltInPresets(text string) (Presets, error) {
	if text == "" {
		return DefaultPresets(), nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("presets: %w", err)
	}
	table, err := ParsePresets(data)
	if err != nil {
		return nil, fmt.Errorf("presets: %w", err)
	}
	return table, nil
}

// ParsePresets parses a presets file: a JSON object from names to boxes, or to objects with
// a box and options, such as {"M": "1200x628", "card": {"box": "600x400", "fit": "cover"}}.
// presets.schema.json describes it. All problems are reported together, each with its line.
func ParsePresets(data []byte) (Presets, error) {
	f := presetFile{data: data}
	var table Presets
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New(`not a JSON object such as {"M": "1200x628"}`)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, f.unreadable(dec, err)
		}
		f.at = dec.InputOffset()
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, f.unreadable(dec, err)
		}
		p := f.preset(name.(string), value, dec.InputOffset()-int64(len(value)))
		if _, twice := table.Lookup(p.Name); twice {
			f.addProblem("preset %s is defined twice", p.Name)
		}
		table = append(table, p)
	}
	if _, err := dec.Token(); err != nil {
		return nil, f.unreadable(dec, err)
	}
	if dec.More() {
		f.at = dec.InputOffset()
		return nil, fmt.Errorf("line %d: read presets: unexpected data after the closing brace", f.line(f.at))
	}
	if len(table) == 0 {
		return nil, errors.New("no presets: name at least one")
	}
	if len(f.errs) > 0 {
		return nil, errors.Join(f.errs...)
	}
	return table, nil
}

// presetFile collects the problems of a presets file.
type presetFile struct {
	data []byte
	at   int64 // The offset of what is being read.
	errs []error
}

func (f *presetFile) line(offset int64) int { return 1 + bytes.Count(f.data[:offset], []byte("\n")) }

func (f *presetFile) addProblem(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("line %d: %w", f.line(f.at), fmt.Errorf(format, args...)))
}

// unreadable returns the error of a file that is not JSON, after the problems before it.
func (f *presetFile) unreadable(dec *json.Decoder, err error) error {
	f.at = dec.InputOffset()
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		f.at = min(syntax.Offset, int64(len(f.data)))
	}
	f.addProblem("read presets: %w", err)
	return errors.Join(f.errs...)
}

// preset parses a value, which begins at an offset. Of a preset with problems, it returns
// what is right.
func (f *presetFile) preset(name string, value []byte, start int64) Preset {
	p := Preset{Name: name}
	wrong := func(err error) {
		if err != nil {
			f.addProblem("preset %s: %w", name, err)
		}
	}
	if !isPresetName(name) {
		f.addProblem("preset name %q: use 1 to 32 letters, digits, - or _", name)
	}
	var boxes string
	switch {
	case json.Unmarshal(value, &boxes) == nil && value[0] == '"':
		wrong(p.parseBoxes(boxes))
	case value[0] == '{':
		f.options(&p, value, start, wrong)
	default:
		wrong(errors.New(`want a string such as "1200x628", or an object such as {"box": "600x400", "fit": "cover"}`))
	}
	return p
}

// options parses a preset's object.
func (f *presetFile) options(p *Preset, object []byte, start int64, wrong func(error)) {
	whole := f.at
	dec := json.NewDecoder(bytes.NewReader(object))
	_, _ = dec.Token() // The brace. The object is known to be JSON.
	boxAt, boxes, gravityAt := int64(0), "", int64(0)
	seen := map[string]bool{}
	for dec.More() {
		name, _ := dec.Token()
		f.at = start + dec.InputOffset()
		var value json.RawMessage
		_ = dec.Decode(&value)
		option := name.(string)
		if seen[option] {
			wrong(fmt.Errorf("%s is given twice", option))
			continue
		}
		seen[option] = true
		switch option {
		case "box":
			boxAt = f.at
			wrong(parseValue(option, value, &boxes))
			continue
		case "gravity":
			gravityAt = f.at
		}
		wrong(p.setOption(option, value))
	}
	f.at = whole
	if !seen["box"] {
		wrong(errors.New(`box is missing: want one such as "600x400"`))
	} else if boxes != "" {
		f.at = boxAt
		wrong(p.parseBoxes(boxes)) // What it means depends on the fit.
	}
	f.at = gravityAt
	switch _, _, isCompass := p.Gravity.Compass(); {
	case p.Gravity != GravityCentre && p.Fit == FitInside:
		wrong(fmt.Errorf("gravity %q: fit inside shows the whole picture; with it, fit is cover or pad", p.Gravity))
	case !isCompass && p.Fit == FitPad:
		wrong(fmt.Errorf("gravity %q: fit pad puts the whole picture somewhere; want a compass point", p.Gravity))
	}
	f.at = whole
}

// optionNames are the options of a preset, for messages.
const optionNames = "box, fit, gravity, quality, format, background or enlarge"

// setOption parses an option other than the box.
func (p *Preset) setOption(name string, value []byte) (err error) {
	switch name {
	case "quality":
		return p.Quality.parse(value)
	case "enlarge":
		return parseValue(name, value, &p.Enlarge)
	case "fit", "gravity", "format", "background":
	case "watermark":
		return errors.New("watermark is not supported, because a rendition has one source: see docs/presets.md")
	default:
		return fmt.Errorf("unknown option %q: want %s", name, optionNames)
	}
	var text string
	if err := parseValue(name, value, &text); err != nil {
		return err
	}
	switch name {
	case "fit":
		p.Fit, err = parseFit(text)
	case "gravity":
		p.Gravity, err = parseGravity(text)
	case "format":
		var ok bool
		if p.Format, ok = parseFormat(text); !ok {
			return fmt.Errorf("format %q: want %s", text, FormatList("or"))
		}
	case "background":
		p.Background, err = ParseColour(text)
	}
	return err
}

// parseValue parses a string, or true or false.
func parseValue[T string | bool](name string, value []byte, into *T) error {
	if json.Unmarshal(value, into) == nil && string(value) != "null" {
		return nil
	}
	if _, isBool := any(into).(*bool); isBool {
		return fmt.Errorf("%s: want true or false", name)
	}
	return fmt.Errorf("%s: want a string", name)
}

// parse parses a quality for all formats, or an object with one for some.
func (q *Qualities) parse(value []byte) error {
	var all int
	if json.Unmarshal(value, &all) == nil && string(value) != "null" {
		for _, f := range qualityFormats {
			if err := q.set(f, all); err != nil {
				return err
			}
		}
		return nil
	}
	var some map[Format]json.RawMessage
	if json.Unmarshal(value, &some) != nil || len(some) == 0 {
		return errors.New(`quality: want a number such as 75, or an object such as {"webp": 75, "jpeg": 80}`)
	}
	var errs []error
	for _, f := range slices.Sorted(maps.Keys(some)) {
		var number int
		if json.Unmarshal(some[f], &number) != nil {
			number = -1
		}
		errs = append(errs, q.set(f, number))
	}
	return errors.Join(errs...)
}

func (q *Qualities) set(f Format, quality int) error {
	own := q.of(f)
	switch {
	case own == nil:
		return fmt.Errorf("quality: %q has none; want jpeg, webp, avif or jxl", f)
	case quality < 1 || quality > 100:
		return fmt.Errorf("quality of %s: want a whole number from 1 to 100", f)
	}
	*own = uint8(quality)
	return nil
}

// MarshalJSON is the inverse of [ParsePresets].
func (p Presets) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, preset := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", preset.Name)
		preset.marshal(&b)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (p Preset) marshal(b *bytes.Buffer) {
	if p.Options == (Options{}) {
		fmt.Fprintf(b, "%q", p.boxes())
		return
	}
	fmt.Fprintf(b, `{"box":%q`, p.boxes())
	for _, option := range [...][2]string{{"fit", string(p.Fit)}, {"gravity", string(p.Gravity)}, {"background", string(p.Background)}, {"format", string(p.Format)}} {
		if option[1] != "" {
			fmt.Fprintf(b, ",%q:%q", option[0], option[1])
		}
	}
	if p.Enlarge {
		b.WriteString(`,"enlarge":true`)
	}
	separator := `,"quality":{`
	for _, f := range qualityFormats {
		if quality := *p.Quality.of(f); quality != 0 {
			fmt.Fprintf(b, "%s%q:%d", separator, f, quality)
			separator = ","
		}
	}
	if p.Quality != (Qualities{}) {
		b.WriteByte('}')
	}
	b.WriteByte('}')
}
