"""Places beside shell text where containers are started: workflows, playbooks, cloud-init, crontabs."""
