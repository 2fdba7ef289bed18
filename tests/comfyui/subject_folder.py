"""Files of subjects for the tests: the name of the first one, and which names are offered."""

SAVED = "msdiffusion/subjects_00001_.safetensors"


def offered(file_nodes):
    return file_nodes.LoadSubjects.INPUT_TYPES()["required"]["file"][0]
