"""Device to compute on, checked."""

from __future__ import annotations

import torch

from gnnlab.core.arguments import shown


def check_device(device: str | torch.device) -> torch.device:
    """Return the device to compute on.

    Raises:
        ValueError: torch does not know it, or it is neither the CPU nor a CUDA device at hand.
    """
    try:
        place = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"device is {shown(device)}, which torch does not know: use 'cpu' or 'cuda'"
        ) from error
    if place.type not in ("cpu", "cuda"):
        raise ValueError(f"device is {str(device)!r}, but gnnlab runs on 'cpu' and on 'cuda'")
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device is {str(device)!r}, but torch sees {torch.cuda.device_count()} CUDA devices "
            "here: use device='cpu', or install a CUDA build of torch"
        )
    return place
