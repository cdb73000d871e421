-- Neovim: findings, explanations (K) and completion in JSON files. Into init.lua.
vim.api.nvim_create_autocmd("FileType", {
  pattern = "json",
  callback = function()
    vim.lsp.start({ name = "lmr", cmd = { "lmr", "lsp" }, root_dir = vim.fn.getcwd() })
  end,
})
