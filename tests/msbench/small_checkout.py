"""A benchmark of a few made-up pictures, in the shape of the authors' checkout."""

from PIL import Image

PROMPTS = """
data_class_dict = {
    "robin": "bird", "owl": "bird", "fox": "fox", "mug": "mug", "lamp": "lamp", "sea": "sea"
}
two_subject_combinations = ["living_living", "living_object", "living_scene"]
three_subject_combinations = ["object_object_scene"]
subject_combination_boxes = {
    "living_living": [[0., 0.25, 0.5, 0.75], [0.5, 0.25, 1., 0.75]],
    "living_object": [[0., 0.25, 0.5, 0.75], [0.5, 0.25, 1., 0.75]],
    "living_scene": [[0.25, 0.25, 0.75, 0.75], [0., 0., 1., 1.]],
    "object_object_scene": [[0., 0., 0.5, 1.], [0.5, 0., 1., 1.], [0., 0., 1., 1.]],
}
places = ["{0} beside {1}, one", "{0} beside {1}, two"]
subject_combination_prompts = {
    "living_living": places,
    "living_object": places,
    "living_scene": ["{0} before the {1}"],
    "object_object_scene": ["{0} and {1} before the {2}"],
}
"""
FILES = {
    "living": ("fox.png", "owl.jpg", "robin.png"),
    "object": ("lamp.png", "mug.jpg"),
    "scene": ("sea.png",),
}


def make_checkout(folder, picture=lambda name: Image.new("RGB", (32, 32), len(name) * 40)):
    """
    Args:
        picture: gives the picture of a name.
    """
    prompts = folder / "msdiffusion/dataset/prompts/msbench.py"
    prompts.parent.mkdir(parents=True)
    prompts.write_text(PROMPTS)
    for category, names in FILES.items():
        (folder / "msbench" / category).mkdir(parents=True)
        for name in names:
            picture(name.partition(".")[0]).save(folder / "msbench" / category / name)
    return folder
