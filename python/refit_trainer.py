"""Connects a training script, and the model it makes, with Refit. Python 3.9 or later, standard library only.

A training script asks for its job, reports, and names what it made:

    import refit_trainer

    job = refit_trainer.load_job()
    ...                                     # train on job.training_file with job.parameters and job.seed
    model.save(job.output_folder / "model.txt")
    job.finish(predictor="score.py", rows_trained=1000, metrics={"auc": 0.71})

and score.py answers batches of rows:

    import refit_trainer

    refit_trainer.serve(lambda columns: [0.5 for _ in columns["age"]])

Refit finds this file for the programs that it runs. To run a script by hand, give it the job of an earlier training:
PYTHONPATH=<refit>/python python3 train.py <output folder>.job.json
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

# Exit codes that Refit understands; others mean that another attempt may help.
BAD_INPUT, TRY_LATER = 2, 75

# Raised by Refit when a field of the job changes its meaning.
JOB_VERSION = 1

# Errors that come back the same way on every attempt.
PROGRAMMING = (ValueError, TypeError, LookupError, AttributeError, NameError, ImportError)
PERMANENT = (*PROGRAMMING, FileNotFoundError, PermissionError)
# Errors of a machine or a network, which may be gone on the next attempt.
PASSING = (OSError, MemoryError)


class BadInput(Exception):
    """Raise it when the job cannot be done whoever tries: Refit then does not try again."""


class Job:
    """What a training is asked for. Paths are absolute; fields that the job does not have are None."""

    def __init__(self, fields: dict[str, Any]):
        version = fields.get("version")
        if version != JOB_VERSION:
            text = f"expected a job of version {JOB_VERSION}, found {version!r}"
            raise BadInput(f"{text}: use the refit_trainer.py that belongs to this Refit")
        #: "full", or the way of a partial training: "recalibrate", "lastLayers" or "warmStart".
        self.mode: str = fields["mode"]
        #: Names of the feature columns, in the order of the package.
        self.feature_names: list[str] = [feature["name"] for feature in fields["features"]]
        #: Those of them that hold text; the others hold numbers.
        self.categorical: list[str] = [f["name"] for f in fields["features"] if f["kind"] == "categorical"]
        #: Parquet with the features, `label` (0 or 1) and `weight`.
        self.training_file = Path(fields["trainingFile"])
        #: The same for rows that are not trained on: for early stopping and metrics.
        self.validation_file = Path(fields["validationFile"])
        #: Folder with the champion's files; None for a full training.
        self.base_folder: Path | None = _path(fields.get("baseFolder"))
        #: trainer.parameters of the spec, as they are.
        self.parameters: dict[str, Any] = fields["parameters"]
        #: Seed of everything random.
        self.seed: int = fields["seed"]
        #: Where the files of the package go.
        self.output_folder = Path(fields["outputFolder"])
        #: Where checkpoints go.
        self.checkpoint_folder = Path(fields["checkpointFolder"])
        #: A checkpoint that an earlier attempt of this job announced; None for the first one.
        self.resume_from: Path | None = _path(fields.get("resumeFrom"))

    def progress(self, share: float, text: str = "") -> None:
        """Says how much of the work is done, from 0 to 1, and one short line: round, loss, rows a second."""
        _say({"progress": float(share), "text": str(text)})

    def checkpoint(self, path: str | Path) -> None:
        """Announces a complete file in the checkpoint folder. Leave it alone then: the next one has another name."""
        _say({"checkpoint": str(Path(path).resolve())})

    def base_json(self, name: str) -> Any:
        """What a JSON file of the champion holds; None for a full training, which begins with nothing."""
        if self.mode == "full":
            return None
        return json.loads((self._base() / name).read_text(encoding="utf-8"))

    def finish(
        self,
        *,
        predictor: str | Sequence[str] | dict[str, Any],
        rows_trained: int,
        files: Sequence[str | Path] | None = None,
        metrics: dict[str, float] | None = None,
        summary: str | None = None,
        parity: float | None = None,
    ) -> None:
        """Says what was made; the last thing that a training does.

        predictor: how the model is opened: a Python script that calls `serve`; a command as a list, in which
            "{package}" stands for the folder of the files; {"kind": "onnx", "file": "model.onnx", "output": "score"}.
        rows_trained: number of rows trained on.
        files: what belongs to the package: paths in the output folder, or of other files, which are copied into it.
            Everything in the output folder unless given. The script of the predictor is added.
        metrics: finite numbers measured on the validation rows, never on others.
        summary: one line for the report; made from the metrics unless given.
        parity: largest difference between trained and exported model, when both were asked.
        """
        script = [predictor] if isinstance(predictor, str) else []
        packaged = [self._packaged(Path(file)) for file in [*(self._made() if files is None else files), *script]]
        numbers = {name: _finite(f"metrics[{name!r}]", value) for name, value in (metrics or {}).items()}
        result: dict[str, Any] = {
            "predictor": _predictor(predictor),
            "files": sorted(set(packaged)),
            "rowsTrained": int(rows_trained),
            "metrics": numbers,
            "summary": summary or self._summary(int(rows_trained), numbers),
        }
        if parity is not None:
            result["parity"] = _finite("parity", parity)
        # Whole or not at all: a training that is killed here has no result.
        unfinished = self.output_folder / "result.json.part"
        unfinished.write_text(json.dumps(result, indent=2, allow_nan=False), encoding="utf-8")
        unfinished.replace(self.output_folder / "result.json")

    def lightgbm(self, parameters: dict[str, Any], model: str = "model.txt", every: int = 50) -> dict[str, Any]:
        """What `lightgbm.train` needs to begin where this job begins: with nothing, the champion, or a checkpoint.

            booster = lightgbm.train(**job.lightgbm({"objective": "binary", "num_iterations": 300}), train_set=rows)

        The job's parameters overrule those given, and its seed is set.
        `num_iterations` counts the rounds of a full training; a warm start adds `warm_start_iterations` (a quarter
        of them unless given) to the champion's trees. A checkpoint is announced after `every` rounds. `model` is the
        name of the booster's text file in the package.
        """
        parameters = {**parameters, "seed": self.seed, **self.parameters}
        rounds = int(parameters.pop("num_iterations", 100))
        warm_rounds = int(parameters.pop("warm_start_iterations", max(1, rounds // 4)))
        base = None
        if self.mode == "warmStart":
            base, rounds = self._base() / model, warm_rounds
        elif self.mode != "full":
            raise BadInput(f"a booster cannot be retrained by {self.mode!r}: remove it from trainer.can")
        start = self.resume_from or base
        done = _boosting_rounds(start) - _boosting_rounds(base)
        return {
            "params": {**parameters, "num_iterations": rounds - done},
            "init_model": start,
            "callbacks": [lambda env: self._boosted(env, done, rounds, every)],
        }

    def _boosted(self, env: Any, done: int, rounds: int, every: int) -> None:
        """A callback of LightGBM, called after each round."""
        finished = done + env.iteration - env.begin_iteration + 1
        scores = [f"{name} {value:.4f}" for _, name, value, *_ in env.evaluation_result_list or []]
        self.progress(finished / rounds, " · ".join([f"round {finished}/{rounds}", *scores]))
        # After the last round the model itself is written.
        if finished % every == 0 and finished < rounds:
            file = self.checkpoint_folder / f"round-{finished:06}.txt"
            env.model.save_model(str(file))
            self.checkpoint(file)

    def _base(self) -> Path:
        if self.base_folder is None:
            raise BadInput(f"{self.mode} begins with the champion, but the job has no baseFolder")
        return self.base_folder

    def _made(self) -> list[Path]:
        files = [file for file in self.output_folder.rglob("*") if file.is_file()]
        # An attempt before this one may have left its result.
        return [file for file in files if not file.name.startswith("result.json")]

    def _packaged(self, file: Path) -> str:
        """The name of a file in the output folder, where it is copied unless it is there."""
        inside = self.output_folder / file
        if inside.exists():
            return inside.relative_to(self.output_folder).as_posix()
        shutil.copyfile(file, self.output_folder / file.name)
        return file.name

    def _summary(self, rows: int, metrics: dict[str, float]) -> str:
        numbers = "".join(f" · {name} {value:.4f}" for name, value in metrics.items())
        return f"{self.mode} training on {rows:,} rows{numbers}"


def load_job() -> Job:
    """Reads the job: the last argument of the script, which is taken away, so that a script's own arguments still work.

    From here on an exception ends the script with an exit code that tells Refit whether another attempt can help, and
    the script ends when the worker that runs it dies: another attempt will be under way, and there must not be two.
    """
    sys.excepthook = _exit_with_meaning
    if len(sys.argv) < 2:
        raise BadInput("expected the path of a job file as the last argument, found none")
    path = sys.argv.pop()
    job = Job(json.loads(Path(path).read_text(encoding="utf-8")))
    if os.environ.get("REFIT_SUPERVISED") == "1":
        threading.Thread(target=_end_with_the_worker, daemon=True).start()
    return job


def serve(score: Callable[[dict[str, list[Any]]], Sequence[float]]) -> None:
    """Answers Refit's questions until it closes the standard input.

    `score` takes columns (name to a list of numbers or texts, None for a missing value) and gives the probability of
    the positive class for each row. An exception answers that question with an error; the next one is served.
    """
    # Answers keep the standard output for themselves: what libraries print, also those in C, goes to the log.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        answer = {"id": question["id"], **_answer(score, question)}
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


def _answer(score: Callable[[dict[str, list[Any]]], Sequence[float]], question: dict[str, Any]) -> dict[str, Any]:
    rows = question["rows"]
    if rows == 0:  # many libraries refuse an empty table
        return {"scores": []}
    try:
        scores = [float(value) for value in score(question["columns"])]
        if len(scores) != rows:
            raise ValueError(f"expected {rows} scores, got {len(scores)}")
        wrong = next((row for row, value in enumerate(scores) if not 0 <= value <= 1), None)
        if wrong is not None:
            raise ValueError(f"row {wrong}: expected a score from 0 to 1, got {scores[wrong]}")
        return {"scores": scores}
    except Exception as error:  # whatever the model raises: the next question may be fine
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.flush()
    # One write: lines of other threads and of libraries in C cannot come between.
    os.write(1, (json.dumps(message, allow_nan=False) + "\n").encode("utf-8"))


def _exit_with_meaning(kind: type, error: BaseException, trace: Any) -> None:
    if issubclass(kind, BadInput):
        print(f"Bad input: {error}", file=sys.stderr)
    else:
        traceback.print_exception(kind, error, trace)
    if issubclass(kind, (BadInput, *PERMANENT)):
        sys.exit(BAD_INPUT)
    sys.exit(TRY_LATER if issubclass(kind, PASSING) else 1)


def _end_with_the_worker() -> None:
    # os.read, as a buffered read would hold a lock that Python needs when it ends.
    while os.read(0, 4096):
        pass
    # Nobody is left to be told. Refit made a process group for this program: its helpers end too.
    os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(TRY_LATER)


def _boosting_rounds(file: Path | None) -> int:
    """Rounds in a LightGBM text model; 0 for none."""
    if file is None:
        return 0
    trees, trees_a_round = 0, 1
    with open(file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("Tree="):
                trees += 1
            elif line.startswith("num_tree_per_iteration="):
                trees_a_round = int(line.split("=")[1])
    return trees // trees_a_round


def _predictor(given: str | Sequence[str] | dict[str, Any]) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    # python3, not sys.executable: the machine that scores has its own, and the worker's PATH decides on both.
    command = ["python3", "{package}/" + Path(given).name] if isinstance(given, str) else list(given)
    return {"kind": "command", "command": command}


def _finite(name: str, value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise BadInput(f"{name} is {number}: expected a finite number")
    return number


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
