"""Scores flights with the booster beside this file."""

import json
from pathlib import Path

import lightgbm as lgb
import pandas as pd
import refit_trainer

PACKAGE = Path(__file__).parent
BOOSTER = lgb.Booster(model_file=PACKAGE / "model.txt")
CATEGORIES = json.loads((PACKAGE / "categories.json").read_text())


def score(columns):
    table = pd.DataFrame(columns)[BOOSTER.feature_name()]
    for name in table:
        if name in CATEGORIES:
            known = table[name].where(table[name].isin(CATEGORIES[name]))
            table[name] = pd.Categorical(known, CATEGORIES[name])
        else:
            # A column without a value is typed as object, which LightGBM does not take.
            table[name] = table[name].astype("float64")
    return BOOSTER.predict(table, num_threads=1)


refit_trainer.serve(score)
