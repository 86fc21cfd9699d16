"""Predicts whether a flight arrives more than 15 minutes late."""

import json

import lightgbm as lgb
import pandas as pd
import refit_trainer

job = refit_trainer.load_job()
FEATURES = job.feature_names
CATEGORICAL = job.categorical
PARAMETERS = {
    "objective": "binary",
    "metric": "auc",
    "num_iterations": 200,
    "num_leaves": 127,
    # The same rows and seed give the same model.
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
}
OUTPUT = job.output_folder


def dataset(table, categories):
    for name, values in categories.items():
        known = table[name].where(table[name].isin(values))
        table[name] = pd.Categorical(known, values)
    return lgb.Dataset(table[FEATURES], table["label"], weight=table["weight"])


table = pd.read_parquet(job.training_file)
# An airport that is not among them is scored as a missing value.
categories = job.base_json("categories.json") or {name: sorted(table[name].dropna().unique()) for name in CATEGORICAL}
with open(f"{OUTPUT}/categories.json", "w") as file:
    json.dump(categories, file)

training = dataset(table, categories)
validation = dataset(pd.read_parquet(job.validation_file), categories)
booster = lgb.train(**job.lightgbm(PARAMETERS), train_set=training, valid_sets=[validation])
booster.save_model(f"{OUTPUT}/model.txt")
job.finish(predictor="score.py", rows_trained=len(table), metrics=booster.best_score["valid_0"])
