"""The list of all nodes and their names; they are in `msdiffusion_nodes/nodes`."""

from .msdiffusion_nodes.nodes.applying import ApplyMSDiffusion, LoadMSDModel
from .msdiffusion_nodes.nodes.auto_layout import AutoLayout, ShowAreas
from .msdiffusion_nodes.nodes.box_prompts import ApplyBoxPrompts, BoxPrompts
from .msdiffusion_nodes.nodes.detailer import SubjectDetailer
from .msdiffusion_nodes.nodes.files import LoadSubjects, SaveSubjects
from .msdiffusion_nodes.nodes.layout_boxes import LayoutBoxes
from .msdiffusion_nodes.nodes.layouts import BatchLayouts, CropLayout, SweepLayout
from .msdiffusion_nodes.nodes.schedule import AuthorsSchedule
from .msdiffusion_nodes.nodes.subjects import BackgroundSubject, EncodeSubjects, SubjectOptions
from .msdiffusion_nodes.nodes.text_follows import TextFollowsLayout

NODE_CLASS_MAPPINGS = {
    "LoadMSDModel": LoadMSDModel,
    "EncodeSubjects": EncodeSubjects,
    "LayoutBoxes": LayoutBoxes,
    "ApplyMSDiffusion": ApplyMSDiffusion,
    "AutoLayout": AutoLayout,
    "SubjectOptions": SubjectOptions,
    "BackgroundSubject": BackgroundSubject,
    "BatchLayouts": BatchLayouts,
    "SweepLayout": SweepLayout,
    "CropLayout": CropLayout,
    "ShowAreas": ShowAreas,
    "SaveSubjects": SaveSubjects,
    "LoadSubjects": LoadSubjects,
    "SubjectDetailer": SubjectDetailer,
    "AuthorsSchedule": AuthorsSchedule,
    "BoxPrompts": BoxPrompts,
    "ApplyBoxPrompts": ApplyBoxPrompts,
    "TextFollowsLayout": TextFollowsLayout,
}

NODE_DISPLAY_NAME_MAPPINGS = {
    "LoadMSDModel": "Load MS-Diffusion Model",
    "EncodeSubjects": "Encode Subjects (MS-Diffusion)",
    "LayoutBoxes": "Layout Boxes (MS-Diffusion)",
    "ApplyMSDiffusion": "Apply MS-Diffusion",
    "AutoLayout": "Auto Layout (MS-Diffusion)",
    "SubjectOptions": "Subject Options (MS-Diffusion)",
    "BackgroundSubject": "Background Subject (MS-Diffusion)",
    "BatchLayouts": "Batch Layouts (MS-Diffusion)",
    "SweepLayout": "Sweep Layout (MS-Diffusion)",
    "CropLayout": "Crop Layout (MS-Diffusion)",
    "ShowAreas": "Show Areas (MS-Diffusion)",
    "SaveSubjects": "Save Subjects (MS-Diffusion)",
    "LoadSubjects": "Load Subjects (MS-Diffusion)",
    "SubjectDetailer": "Subject Detailer (MS-Diffusion)",
    "AuthorsSchedule": "Authors' Schedule (MS-Diffusion)",
    "BoxPrompts": "Box Prompts (MS-Diffusion)",
    "ApplyBoxPrompts": "Apply Box Prompts (MS-Diffusion)",
    "TextFollowsLayout": "Text Follows Layout (MS-Diffusion)",
}
