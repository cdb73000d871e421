# Runs before the package's files go away for good, not before an upgrade.
if [ -d /run/systemd/system ]; then
  systemctl disable --now lmr-receiver.service lmr-sender.service
fi
