// The peer of bench_switches: as a Go programmer writes it. A goroutine for each switch, net/http, encoding/json.
//
// go run . -list switches.txt -user admin -command "show interface status" [-ca ca.pem] [-http]
//
// switches.txt has a line "name host:port" for each switch; the password comes from SWITCHES_PASSWORD. Every switch
// gets a connection of its own. The answers become typed values, as ours do. One JSON line says what it took.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

type target struct{ name, address string }

type answer struct {
	InsAPI struct {
		Outputs struct {
			Output struct {
				Code string          `json:"code"`
				Body json.RawMessage `json:"body"`
			} `json:"output"`
		} `json:"outputs"`
	} `json:"ins_api"`
}

type row struct {
	Interface string          `json:"interface"`
	State     string          `json:"state"`
	Name      string          `json:"name"`
	Vlan      json.RawMessage `json:"vlan"`
	Duplex    string          `json:"duplex"`
	Speed     json.RawMessage `json:"speed"`
	Type      string          `json:"type"`
}

// Interface is one row of "show interface status", with its full name.
type Interface struct {
	Name, State, Description, Vlan, Duplex, Speed, Type string
	Up                                                  bool
}

type result struct {
	name       string
	interfaces []Interface
	err        error
}

var short = regexp.MustCompile(`^([A-Za-z-]+?)\s*([0-9][0-9/.]*)$`)
var full = map[string]string{"eth": "Ethernet", "po": "port-channel", "vl": "Vlan", "lo": "loopback"}

func main() {
	list := flag.String("list", "", "file of switches")
	user := flag.String("user", "admin", "user")
	command := flag.String("command", "show interface status", "show")
	ca := flag.String("ca", "", "file with the CA of every switch's certificate, in PEM")
	plain := flag.Bool("http", false, "plain HTTP")
	flag.Parse()
	began := time.Now()
	targets, err := read(*list)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		TLSClientConfig:     trust(*ca),
		MaxIdleConnsPerHost: 1,
		DisableCompression:  true,
	}}
	scheme := "https"
	if *plain {
		scheme = "http"
	}
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte(*user+":"+os.Getenv("SWITCHES_PASSWORD")))
	results := make(chan result, len(targets))
	var waiting sync.WaitGroup
	for _, each := range targets {
		waiting.Add(1)
		go func(each target) {
			defer waiting.Done()
			interfaces, err := ask(client, scheme+"://"+each.address+"/ins", login, *command)
			results <- result{each.name, interfaces, err}
		}(each)
	}
	waiting.Wait()
	close(results)
	report(results, time.Since(began))
}

func read(path string) ([]target, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var targets []target
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, address, found := strings.Cut(lines.Text(), " ")
		if found {
			targets = append(targets, target{name, address})
		}
	}
	return targets, lines.Err()
}

// trust checks certificates against a CA where one is given, and believes everybody where none is.
func trust(ca string) *tls.Config {
	if ca == "" {
		return &tls.Config{InsecureSkipVerify: true}
	}
	pem, err := os.ReadFile(ca)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		fmt.Fprintln(os.Stderr, "no certificate in", ca, err)
		os.Exit(1)
	}
	return &tls.Config{RootCAs: roots}
}

func ask(client *http.Client, url, login, command string) ([]Interface, error) {
	body, err := json.Marshal(map[string]map[string]string{"ins_api": {
		"version": "1.0", "type": "cli_show", "chunk": "0", "sid": "1", "input": command, "output_format": "json",
	}})
	if err != nil {
		return nil, err
	}
	// encoding/json sorts keys: "input" would come before "type", which old releases do not take.
	ordered := bytes.Replace(body, []byte(`"ins_api":{`), []byte(`"ins_api":{"type":"cli_show",`), 1)
	ordered = bytes.Replace(ordered, []byte(`,"type":"cli_show","version"`), []byte(`,"version"`), 1)
	request, err := http.NewRequest("POST", url, bytes.NewReader(ordered))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", login)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("HTTP %d", response.StatusCode)
	}
	return typed(raw)
}

func typed(raw []byte) ([]Interface, error) {
	var whole answer
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, err
	}
	if whole.InsAPI.Outputs.Output.Code != "200" {
		return nil, fmt.Errorf("code %s", whole.InsAPI.Outputs.Output.Code)
	}
	var body struct {
		Table struct {
			Row json.RawMessage `json:"ROW_interface"`
		} `json:"TABLE_interface"`
	}
	if err := json.Unmarshal(whole.InsAPI.Outputs.Output.Body, &body); err != nil {
		return nil, err
	}
	var rows []row
	if bytes.HasPrefix(bytes.TrimSpace(body.Table.Row), []byte("{")) {
		var one row
		if err := json.Unmarshal(body.Table.Row, &one); err != nil {
			return nil, err
		}
		rows = []row{one}
	} else if err := json.Unmarshal(body.Table.Row, &rows); err != nil {
		return nil, err
	}
	found := make([]Interface, 0, len(rows))
	for _, each := range rows {
		state := strings.TrimSpace(each.State)
		found = append(found, Interface{
			Name: name(each.Interface), State: state, Description: strings.TrimSpace(each.Name),
			Vlan: unquoted(each.Vlan), Duplex: strings.TrimSpace(each.Duplex), Speed: unquoted(each.Speed),
			Type: strings.TrimSpace(each.Type), Up: state == "connected" || state == "up",
		})
	}
	return found, nil
}

func name(written string) string {
	match := short.FindStringSubmatch(strings.TrimSpace(written))
	if match == nil {
		return written
	}
	if long, known := full[strings.ToLower(match[1])]; known {
		return long + match[2]
	}
	return match[1] + match[2]
}

func unquoted(raw json.RawMessage) string { return strings.TrimSpace(strings.Trim(string(raw), `"`)) }

func report(results <-chan result, took time.Duration) {
	answered, interfaces := 0, 0
	failures := map[string]int{}
	for each := range results {
		if each.err != nil {
			failures[each.err.Error()]++
			continue
		}
		answered++
		interfaces += len(each.interfaces)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cpu := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	told, _ := json.Marshal(map[string]any{
		"wall": took.Seconds(), "cpu": cpu, "rss_mb": float64(used.Maxrss) / 1024, "answered": answered,
		"interfaces": interfaces, "failures": failures,
	})
	fmt.Println(string(told))
}
